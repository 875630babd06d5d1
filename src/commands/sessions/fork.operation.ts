import * as E from 'fp-ts/lib/Either.js';
import { z } from 'zod';
import { idInput } from '../../domain/kernel/id.input.ts';
import { derived, streamOf } from '../../domain/kernel/ids.ts';
import { isProblem, type Call, type Problem } from '../../domain/kernel/operation.ts';
import { tenantOf } from '../../domain/kernel/tenant.ts';
import type { SessionEvent } from '../../domain/session/session.events.ts';
import { followed, parting, trailTo } from '../../domain/session/session.fork.ts';
import type { Recorded } from '../../domain/kernel/event.ts';
import { command, type CommandContext } from '../context.ts';
import { problemOf } from '../refusals.ts';
import {
  agentInTheWay,
  answered,
  askSession,
  exampleId,
  scope,
  session_id,
  SessionView,
  tag,
} from './sessions.operations.ts';

type Parting = Exclude<ReturnType<typeof parting>, E.Left<unknown>>['right'];

/** Reads a session up to where it is to be left. Somebody else's is as if it were not there. */
const partingOf = async (
  { engine: { log, catalogue } }: CommandContext,
  id: string,
  at_turn: string | null,
  { principal, if_match }: Call,
): Promise<Parting | Problem> => {
  const stream = streamOf('session', id);
  let trail = trailTo(at_turn);
  let current = -1;
  for await (const page of log.read(stream, { from: 0 }))
    for (const stored of page) {
      if (tenantOf(stored) !== principal.tenant) return problemOf({ reason: 'SessionUnknown' });
      const read = catalogue.read(stored);
      if (E.isLeft(read))
        return problemOf({ reason: 'UnreadableStream', stream, revision: stored.revision, cause: read.left });
      trail = followed(trail, read.right as unknown as Recorded<SessionEvent>);
      current = stored.revision;
    }
  const found = parting(trail);
  if (E.isLeft(found)) return problemOf(found.left);
  if (if_match !== undefined && if_match !== current)
    return problemOf({ reason: 'StaleRevision', stream, given: if_match, current });
  return found.right;
};

export const forkSession = command({
  name: 'fork_session',
  kind: 'command',
  summary: 'Open a session that goes on from a completed turn of another',
  description:
    'The new session is with the same agent, and quotes what was said up to that turn where it was said. Without `at_turn` it goes on from the newest turn that was completed.',
  scope,
  input: z.strictObject({
    session_id,
    at_turn: idInput('turn').nullable().default(null),
    title: z.string().max(200).nullable().default(null),
  }),
  output: SessionView,
  http: { method: 'POST', path: '/sessions/{session_id}/fork', tag },
  cli: 'sessions fork',
  problems: ['turn_not_completed', 'agent_paused', 'agent_stopped', 'agent_retired', 'not_found', 'revision_conflict'],
  examples: [{ title: 'From its newest turn', input: { session_id: exampleId, at_turn: null, title: 'What if?' } }],
  run: async (context, { session_id: from, at_turn, title }, call) => {
    const id = derived('session', call.command_id);
    const found = await partingOf(context, from, at_turn, call);
    if (isProblem(found)) return found;
    const { agent_id, origin, inherited, event_id } = found;
    const blocked = await agentInTheWay(context, agent_id, call.principal.tenant);
    if (blocked !== undefined) return blocked;
    const { if_match: _, ...opening } = { ...call, causation_id: call.causation_id ?? event_id };
    const asked = { type: 'ForkSession', session_id: id, agent_id, title, origin, inherited } as const;
    const opened = answered(await askSession(context, opening, id, asked));
    return 'output' in opened ? { ...opened, status: 201, location: `/sessions/${id}` } : opened;
  },
});
