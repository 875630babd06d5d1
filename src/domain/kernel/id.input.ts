import { z } from 'zod';
import { categoryOf, idOf, isUuid } from './ids.ts';

/**
 * An id as a caller may write it: a UUID, alone or behind its noun as in `agent-0198…`. The id of another noun is told
 * apart from text that is no id at all: the issue then carries `wrong_id_kind`.
 */
export const idInput = (noun: string) =>
  z
    .string()
    .max(100)
    .transform((text, context) => {
      const lower = text.toLowerCase();
      if (isUuid(lower)) return lower;
      const id = idOf(lower);
      if (isUuid(id) && categoryOf(lower) === noun) return id;
      const wrongKind = isUuid(id);
      context.addIssue({
        code: 'custom',
        message: wrongKind
          ? `this is an id of the kind ${categoryOf(lower)}, not ${noun}`
          : `expected a UUID, or ${noun}-<UUID>`,
        ...(wrongKind ? { params: { problem: 'wrong_id_kind' } } : {}),
      });
      return z.NEVER;
    })
    .meta({ description: `The id of ${/^[aeiou]/.test(noun) ? 'an' : 'a'} ${noun}: a UUID, or ${noun}-<UUID>.` });
