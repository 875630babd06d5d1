import * as E from 'fp-ts/lib/Either.js';
import { agent } from '../domain/agent/agent.decider.ts';
import { decision } from '../domain/decision/decision.decider.ts';
import { episode } from '../domain/episode/episode.decider.ts';
import type { Decider } from '../domain/kernel/decider.ts';
import type { Event } from '../domain/kernel/event.ts';
import { streamOf } from '../domain/kernel/ids.ts';
import type { Problem } from '../domain/kernel/operation.ts';
import { tenantOf } from '../domain/kernel/tenant.ts';
import { procedure } from '../domain/procedure/procedure.decider.ts';
import { session } from '../domain/session/session.decider.ts';
import { problem } from '../problems.ts';
import type { CommandContext } from './context.ts';
import { recall } from './recall.ts';
import { problemOf } from './refusals.ts';

type Parts = Pick<CommandContext, 'engine'>;

interface Kind {
  readonly noun: string;
  readonly isThere: (parts: Parts, tenant: string, id: string) => Promise<boolean | Problem>;
}

/** Things of one kind; in the phase `gone` it is as if one had never been. */
const kind = <State extends { readonly phase: string }, Ev extends Event>(
  noun: string,
  decider: Pick<Decider<never, State, Ev, unknown>, 'evolve' | 'initial'>,
  gone?: State['phase'],
): Kind => ({
  noun,
  isThere: async ({ engine: { log, catalogue, remembered } }, tenant, id) => {
    const found = await recall<State, Ev>(log, catalogue, remembered, decider, streamOf(noun, id));
    if (E.isLeft(found)) return problemOf(found.left);
    const { last, state } = found.right;
    return last !== undefined && tenantOf(last) === tenant && state.phase !== gone;
  },
});

const kinds = {
  agent_id: kind('agent', agent),
  session_id: kind('session', session),
  decision_id: kind('decision', decision, 'blocked'),
  episode_id: kind('episode', episode, 'forgotten'),
  procedure_id: kind('procedure', procedure, 'forgotten'),
} as const;

/** What a caller names in their input; what is null or left out names nothing. */
export type Named = { readonly [field in keyof typeof kinds]?: string | null | undefined };

/**
 * The problem of the first thing that is named and not there: `not_found`, with the field that names it. What is another
 * tenant's is not there. The streams themselves are asked, for a read model may lag behind what a caller has just been told.
 * `under` is the JSON pointer of the object that names them. Throws the log's errors.
 */
export const missing = async (
  parts: Parts,
  tenant: string,
  named: Named,
  under = '#',
): Promise<Problem | undefined> => {
  for (const [field, { noun, isThere }] of Object.entries(kinds)) {
    const id = named[field as keyof Named] ?? null;
    const there = id === null || (await isThere(parts, tenant, id));
    if (there === true) continue;
    if (there !== false) return there;
    const errors = [{ pointer: `${under}/${field}`, message: 'is not there' }];
    return problem('not_found', `there is no ${noun} ${id}`, { more: { errors } });
  }
  return undefined;
};
