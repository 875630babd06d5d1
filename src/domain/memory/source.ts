import { z } from 'zod';

const id = z.uuid().nullable();

/**
 * Where something that is remembered comes from. With what caused its event this is its provenance: no item is without.
 * `label` names a place or a program (`mcp`, `handbook`), never what was said there (requirements N73).
 */
export const Source = z.strictObject({
  kind: z.enum(['taught', 'tool', 'reflection', 'turn', 'run']),
  label: z.string().max(200).nullable(),
  session_id: id,
  turn_id: id,
  episode_id: id,
  decision_id: id,
});
export type Source = z.infer<typeof Source>;
