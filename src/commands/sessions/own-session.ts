import * as E from 'fp-ts/lib/Either.js';
import { derived, streamOf } from '../../domain/kernel/ids.ts';
import type { Call } from '../../domain/kernel/operation.ts';
import { session } from '../../domain/session/session.decider.ts';
import type { CommandContext } from '../context.ts';
import { recall } from '../recall.ts';

/**
 * The session that a caller has with an agent for one purpose where they name none: the same at every call, so that what is
 * said next knows of what was said before (requirements 1.7). Once it has ended a new one takes its place, though not for a
 * command that it was the last to answer. Each is opened when the one before has ended, so the first that has not is found
 * in few reads, however many there were. Throws the log's errors.
 */
export const ownSession = async (
  { engine: { log, catalogue, remembered }, default_agent_id }: CommandContext,
  { principal: { tenant, actor }, command_id }: Call,
  purpose: string,
  agent_id: string = default_agent_id,
): Promise<string> => {
  const idAt = (place: number): string => derived('session', tenant, actor, purpose, agent_id, String(place));
  // What cannot be read has not ended: whoever talks in it is told why it cannot be.
  const seen = async (place: number): Promise<{ readonly ended: boolean; readonly answered: boolean }> => {
    const found = await recall(log, catalogue, remembered, session, streamOf('session', idAt(place)));
    if (E.isLeft(found)) return { ended: false, answered: false };
    const { state, done } = found.right;
    return { ended: state.phase === 'closed' || state.ending !== null, answered: done.has(command_id) };
  };
  let [ended, next] = [-1, 0];
  for (let stride = 1; (await seen(next)).ended; stride *= 2) [ended, next] = [next, next + stride];
  while (next - ended > 1) {
    const middle = Math.floor((ended + next) / 2);
    if ((await seen(middle)).ended) ended = middle;
    else next = middle;
  }
  return idAt(ended >= 0 && (await seen(ended)).answered ? ended : next);
};
