import { appendBytesMax } from '../../../ports.ts';
import { eventsPerAppendMax } from '../limits.ts';
import type { Proposal, Storage } from '../storage.ts';
import {
  appendRefused,
  appendSucceeded,
  readAppendRequest,
  readRemoveRequest,
  removed,
  type WriteTarget,
} from '../wire/append.ts';
import { proposalBytes } from '../wire/proposal.ts';
import { onlyMessage, type Call } from './call.ts';
import { appendTooLarge, invalid, propertiesMissing, refusalOf } from './failure.ts';

interface Gathered {
  readonly target: WriteTarget;
  readonly events: readonly Proposal[];
}

const gathered = async (call: Call): Promise<Gathered> => {
  let target: WriteTarget | undefined;
  const events: Proposal[] = [];
  let bytes = 0;
  for await (const message of call.messages) {
    const request = readAppendRequest(message);
    if (request.is === 'target') {
      target = request.target;
      continue;
    }
    if (request.proposal === undefined) throw propertiesMissing();
    bytes += proposalBytes(request.proposal);
    if (bytes > appendBytesMax) throw appendTooLarge(appendBytesMax);
    if (events.push(request.proposal) > eventsPerAppendMax)
      throw invalid(`an append is over ${eventsPerAppendMax} events`);
  }
  if (target === undefined) throw invalid('an append has no options');
  return { target, events };
};

/** `Streams/Append`: one append a call. A wrong expectation is an answer here, everything else a trailer. */
export const append = async (call: Call, storage: Storage): Promise<void> => {
  const { target, events } = await gathered(call);
  const outcome = await storage.append([{ ...target, events }]);
  switch (outcome.is) {
    case 'appended':
      return call.send(appendSucceeded(outcome.revisions[0] ?? 0, outcome.position));
    case 'wrong_expected_version':
      return call.send(appendRefused(outcome.expected, outcome.actual));
    default:
      throw refusalOf(outcome);
  }
};

const removal =
  (remove: 'remove' | 'tombstone') =>
  async (call: Call, storage: Storage): Promise<void> => {
    const { stream, expected } = readRemoveRequest(await onlyMessage(call));
    const outcome = await storage[remove](stream, expected);
    if (outcome.is !== 'appended') throw refusalOf(outcome);
    call.send(removed(outcome.position));
  };

/** `Streams/Delete`: the stream reads as missing, and goes on where it was when it is written to again. */
export const remove = removal('remove');

/** `Streams/Tombstone`: for ever. */
export const tombstone = removal('tombstone');
