import { z } from 'zod';
import { ParkedRetryRequested, ParkedSkipRequested } from '../../domain/projection/projection.events.ts';
import { change, look, maintenance, name, tag, tried } from './maintenance.ts';

const parkedMax = 200;

const listParked = maintenance({
  name: 'list_parked_events',
  kind: 'query',
  summary: 'Events that a read model could not fold, and why',
  scope: look,
  input: z.strictObject({ name, limit: z.int().min(1).max(parkedMax).default(50) }),
  output: z.object({
    data: z.array(
      z.object({
        position: z.string(),
        key: z.string(),
        event_id: z.string(),
        event_type: z.string(),
        stream: z.string(),
        error: z.string(),
        attempts: z.int(),
        parked_at: z.string(),
      }),
    ),
  }),
  http: { method: 'GET', path: '/projections/{name}/parked', tag },
  cli: 'projections parked',
  mcp: { tool: 'dead_letters_list', toolset: 'ops', read_only: true, destructive: false, idempotent: true },
  problems: ['not_found'],
  examples: [{ title: 'Of turns', input: { name: 'turns', limit: 50 } }],
  run: async ({ projections }, { name: which, limit }) => {
    const found = await tried(async () => projections.parked(which, limit));
    if ('code' in found) return found;
    return {
      output: {
        data: found.map(({ projection: _, position, ...rest }) => ({ ...rest, position: position.toString() })),
      },
    };
  },
});

const retryParked = maintenance({
  name: 'retry_parked_events',
  kind: 'command',
  summary: 'Fold parked events again, in order',
  scope: change,
  input: z.strictObject({ name }),
  output: z.object({ folded: z.int(), parked: z.int() }),
  http: { method: 'POST', path: '/projections/{name}/parked/retry', tag },
  cli: 'projections retry',
  mcp: { tool: 'dead_letters_retry', toolset: 'ops', read_only: false, destructive: false, idempotent: true },
  problems: ['not_found'],
  examples: [{ title: 'After the fold was mended', input: { name: 'turns' } }],
  run: async ({ projections, recordUpkeep }, { name: which }, call) => {
    const known = await tried(async () => projections.known(which));
    const refusal = known ?? (await recordUpkeep(call, ParkedRetryRequested({ projection: which })));
    if (refusal !== undefined) return refusal;
    const retried = await tried(() => projections.retryParked(which));
    return 'code' in retried ? retried : { output: retried };
  },
});

const skipParked = maintenance({
  name: 'skip_parked_event',
  kind: 'command',
  summary: 'Let a read model go on without an event that it cannot fold',
  scope: change,
  input: z.strictObject({ name, position: z.string().regex(/^\d{1,18}$/) }),
  /** For how many rows it was parked, 0 where it was not; and what became of the events behind it. */
  output: z.object({ skipped: z.int(), folded: z.int(), parked: z.int() }),
  http: { method: 'POST', path: '/projections/{name}/parked/{position}/skip', tag },
  cli: 'projections skip',
  problems: ['not_found'],
  examples: [{ title: 'The event at a position', input: { name: 'turns', position: '1042' } }],
  run: async ({ projections, recordUpkeep }, { name: which, position }, call) => {
    const known = await tried(async () => projections.known(which));
    const refusal = known ?? (await recordUpkeep(call, ParkedSkipRequested({ projection: which, position })));
    if (refusal !== undefined) return refusal;
    const skipped = await tried(() => projections.skipParked(which, BigInt(position)));
    return 'code' in skipped ? skipped : { output: skipped };
  },
});

export const parkingOperations = [listParked, retryParked, skipParked] as const;
