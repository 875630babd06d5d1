import * as E from 'fp-ts/lib/Either.js';
import type { Decider } from '../domain/kernel/decider.ts';
import type { Event } from '../domain/kernel/event.ts';
import type { Engine } from './execute.ts';
import { recall } from './recall.ts';
import type { Provenance } from './record.ts';

/** What something belongs to, and the event because of which it is done. */
export type Matter = Pick<Provenance, 'correlation_id' | 'causation_id'>;

/**
 * The matter of a stream and its newest event: what is asked elsewhere on behalf of the stream is found with the rest of it,
 * and with its cause. Throws the log's errors.
 */
export const matterOf = async <Command, State, Ev extends Event, Refusal>(
  { log, catalogue, remembered }: Engine,
  decider: Decider<Command, State, Ev, Refusal>,
  stream: string,
  otherwise: string,
): Promise<Matter> => {
  const known = await recall<State, Ev>(log, catalogue, remembered, decider, stream);
  const last = E.isRight(known) ? known.right.last : undefined;
  return last === undefined
    ? { correlation_id: otherwise }
    : { correlation_id: last.metadata['$correlationId'] ?? otherwise, causation_id: last.id };
};
