import * as E from 'fp-ts/lib/Either.js';
import { z } from 'zod';
import { categoryOf } from '../../domain/kernel/ids.ts';
import { tenantOf } from '../../domain/kernel/tenant.ts';
import { problem } from '../../problems.ts';
import { command } from '../context.ts';

const example = 'session-0198d7a0-0000-7000-8000-000000000002';

/**
 * Time travel: what was known at a revision, folded by the same decider that decides. It reads the log and writes nothing.
 */
export const getStreamState = command({
  name: 'get_stream_state',
  kind: 'query',
  summary: 'What was known of a stream at a revision, and what could have followed',
  scope: 'events:read',
  input: z.strictObject({
    stream: z.string().min(1).max(500),
    revision: z.int().min(0).optional().meta({ description: 'The newest one where it is left out.' }),
  }),
  output: z.object({
    stream: z.string(),
    revision: z.int(),
    position: z.string(),
    phase: z.string(),
    /** The events that the lifecycle allows next. */
    steps: z.array(z.string()),
    state: z.unknown(),
  }),
  http: { method: 'GET', path: '/streams/{stream}/state', tag: 'streams' },
  cli: 'streams state',
  mcp: { tool: 'state_at', toolset: 'audit', read_only: true, destructive: false, idempotent: true },
  problems: ['not_found', 'revision_not_found', 'unreadable_stream'],
  examples: [{ title: 'At its third event', input: { stream: example, revision: 2 } }],
  run: async ({ engine, aggregates }, { stream, revision: wanted }, { principal: { tenant } }) => {
    const aggregate = aggregates.get(categoryOf(stream));
    if (aggregate === undefined) return problem('not_found', `there are no streams of ${categoryOf(stream)}`);
    let state = aggregate.decider.initial;
    let revision = -1;
    let position = -1n;
    const limit = wanted === undefined ? undefined : Math.min(wanted, Number.MAX_SAFE_INTEGER - 1) + 1;
    for await (const page of engine.log.read(stream, { from: 0, ...(limit === undefined ? {} : { limit }) }))
      for (const stored of page) {
        if (tenantOf(stored) !== tenant) return problem('not_found', `there is no stream ${stream}`);
        const read = engine.catalogue.read(stored);
        if (E.isLeft(read))
          return problem('unreadable_stream', `${stream}@${stored.revision}: ${read.left.reason}`, {
            more: { cause: read.left },
          });
        state = aggregate.decider.evolve(state, read.right);
        ({ revision, position } = stored);
      }
    if (revision < 0) return problem('not_found', `there is no stream ${stream}`);
    if (wanted !== undefined && revision < wanted)
      return problem('revision_not_found', `${stream} ends at revision ${revision}`, { more: { newest: revision } });
    const { phase } = state as { readonly phase: string };
    const steps = [...aggregate.steps(phase)];
    return { output: { stream, revision, position: position.toString(), phase, steps, state }, revision };
  },
});
