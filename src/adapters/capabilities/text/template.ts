import { z } from 'zod';
import type { Capability } from '../../../ports.ts';
import { capability } from '../define.ts';
import { failure } from '../failure.ts';

const templateCharsMax = 100_000;
export const renderedCharsMax = 1_000_000;

const placeholder = /\{\{([^{}]*)\}\}/g;
const name = /^[A-Za-z_][\w-]*(?:\.[\w-]+)*$/;

const valueAt = (values: unknown, path: string): unknown => {
  let at = values;
  for (const part of path.split('.')) {
    // Own members only: a template must not read what all objects inherit.
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, part)) return undefined;
    at = (at as Readonly<Record<string, unknown>>)[part];
  }
  return at;
};

const inText = (value: unknown): string => {
  if (value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
};

/**
 * `text.template.render` (requirements W83): `{{customer.name}}` is replaced by that member of the values, once, without
 * conditions, loops or code; nothing is escaped, and what was put in is not looked at again.
 */
export const templateRender = (): Capability =>
  capability({
    capability_id: 'text.template.render',
    name: 'Render a template',
    description: 'Replaces {{name}} and {{name.member}} in a text by values. A name without a value is refused.',
    operation: 'read',
    risk: { justification: 'It computes from its arguments alone, and runs nothing.' },
    tags: ['text'],
    parameters: z.strictObject({
      template: z.string().max(templateCharsMax),
      values: z.record(z.string().max(200), z.unknown()),
      missing: z.enum(['refuse', 'empty']).default('refuse'),
    }),
    result: z.object({ text: z.string() }),
    invoke: ({ template, values, missing }) => {
      const pieces: string[] = [];
      let chars = 0;
      let from = 0;
      const add = (piece: string): boolean => {
        pieces.push(piece);
        chars += piece.length;
        return chars <= renderedCharsMax;
      };
      for (const found of template.matchAll(placeholder)) {
        const path = (found[1] ?? '').trim();
        if (!name.test(path)) return failure('invalid_arguments', `{{${path}}} is no name`);
        const value = valueAt(values, path);
        if (value === undefined && missing === 'refuse')
          return failure('invalid_arguments', `there is no value for ${path}`);
        const isWithin = add(template.slice(from, found.index)) && add(inText(value ?? null));
        if (!isWithin) return failure('limit_exceeded', `beyond ${renderedCharsMax} characters`);
        from = found.index + found[0].length;
      }
      if (!add(template.slice(from))) return failure('limit_exceeded', `beyond ${renderedCharsMax} characters`);
      return { ok: true, result: { text: pieces.join('') } };
    },
  });
