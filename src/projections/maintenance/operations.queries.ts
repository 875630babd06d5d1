import { z } from 'zod';
import { isProblem } from '../../domain/kernel/operation.ts';
import {
  RebuildCancelRequested,
  RebuildRequested,
  RebuildSwapRequested,
} from '../../domain/projection/projection.events.ts';
import { problem } from '../../problems.ts';
import type { Operation } from '../operations.ts';
import { change, exampleId, look, maintenance, name, tag, tried } from './maintenance.ts';

const operationsMax = 200;
const Swap = z.enum(['auto', 'manual']);
const OperationShown = z.object({
  operation_id: z.string(),
  kind: z.literal('rebuild'),
  target: z.string(),
  status: z.string(),
  progress: z.unknown(),
  result: z.unknown(),
  error: z.string().nullable(),
  /** Who asked for it; null where the node began it by itself. */
  requested_by: z.string().nullable(),
  cancel_requested: z.boolean(),
  created_at: z.string(),
  ended_at: z.string().nullable(),
});

const described = ({ id, input: _, ...rest }: Operation): z.infer<typeof OperationShown> => ({
  operation_id: id,
  kind: 'rebuild',
  ...rest,
});

const rebuildProjection = maintenance({
  name: 'rebuild_projection',
  kind: 'command',
  summary: 'Build a read model anew beside the one that serves, compare them, and swap',
  description: 'With `swap: manual` it waits, following the log, until it is asked to swap.',
  scope: change,
  input: z.strictObject({ name, swap: Swap.default('auto') }),
  output: OperationShown,
  http: { method: 'POST', path: '/projections/{name}/rebuild', tag },
  mcp: { tool: 'projection_rebuild', toolset: 'ops', read_only: false, destructive: false, idempotent: false },
  problems: ['not_found', 'operation_running'],
  examples: [{ title: 'And swap when it is ready', input: { name: 'turns', swap: 'auto' } }],
  run: async ({ projections, recordUpkeep }, { name: which, swap }, call) => {
    const known = await tried(async () => projections.known(which));
    const refusal = known ?? (await recordUpkeep(call, RebuildRequested({ projection: which, swap })));
    if (refusal !== undefined) return refusal;
    const begun = await tried(() => projections.rebuild(which, { swap, requested_by: call.principal.actor }));
    if ('code' in begun) return begun;
    // It is watched by whoever asks for the operation; here nobody waits for its end.
    begun.ended.catch(() => undefined);
    const output = described(await projections.operation(begun.id));
    return { output, status: 202, location: `/operations/${begun.id}` };
  },
});

const operation_id = z.uuid();

const getOperation = maintenance({
  name: 'get_operation',
  kind: 'query',
  summary: 'Long work: how far it is, or how it ended',
  scope: look,
  input: z.strictObject({ operation_id }),
  output: OperationShown,
  http: { method: 'GET', path: '/operations/{operation_id}', tag },
  cli: 'operations show',
  mcp: { tool: 'operation_get', toolset: 'ops', read_only: true, destructive: false, idempotent: true },
  problems: ['not_found'],
  examples: [{ title: 'By id', input: { operation_id: exampleId } }],
  run: async ({ projections }, { operation_id: id }) => {
    const found = await tried(() => projections.operation(id));
    return isProblem(found) ? found : { output: described(found) };
  },
});

const requests = { cancel: RebuildCancelRequested, swap: RebuildSwapRequested } as const;

const asked = (verb: 'cancel' | 'swap', method: 'DELETE' | 'POST', path: string, summary: string) =>
  maintenance({
    name: `${verb}_operation`,
    kind: 'command',
    summary,
    scope: change,
    input: z.strictObject({ operation_id }),
    output: OperationShown,
    http: { method, path, tag },
    cli: `operations ${verb}`,
    mcp: {
      tool: verb === 'swap' ? 'projection_swap' : 'operation_cancel',
      toolset: 'ops',
      read_only: false,
      destructive: true,
      idempotent: true,
    },
    problems: ['not_found', 'operation_ended'],
    examples: [{ title: 'By id', input: { operation_id: exampleId } }],
    run: async ({ projections, recordUpkeep }, { operation_id: id }, call) => {
      const before = await tried(() => projections.operation(id));
      if (isProblem(before)) return before;
      if (before.ended_at !== null) return problem('operation_ended', `it ${before.status} at ${before.ended_at}`);
      const request = requests[verb]({ projection: before.target, operation_id: id });
      const refusal = await recordUpkeep(call, request);
      if (refusal !== undefined) return refusal;
      return { output: described(await projections[verb](id)), status: 202 };
    },
  });

const cancelOperation = asked('cancel', 'DELETE', '/operations/{operation_id}', 'Call long work off');
const swapOperation = asked(
  'swap',
  'POST',
  '/operations/{operation_id}/swap',
  'Swap in a read model that was built and waits',
);

const listOperations = maintenance({
  name: 'list_operations',
  kind: 'query',
  summary: 'Long work, the newest first: under way, or how it ended',
  scope: look,
  input: z.strictObject({ limit: z.int().min(1).max(operationsMax).default(50) }),
  output: z.object({ data: z.array(OperationShown) }),
  http: { method: 'GET', path: '/operations', tag },
  cli: 'operations list',
  examples: [{ title: 'The last fifty', input: { limit: 50 } }],
  run: async ({ projections }, { limit }) => ({
    output: { data: (await projections.operations(limit)).map(described) },
  }),
});

export const operationOperations = [
  rebuildProjection,
  listOperations,
  getOperation,
  cancelOperation,
  swapOperation,
] as const;
