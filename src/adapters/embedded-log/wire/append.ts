import type { Expected } from '../../../ports.ts';
import { expectedField, readExpected, type ExpectedFields } from './expected.ts';
import { positionField, readStreamName } from './identifiers.ts';
import { readProposal, type ProposalRead } from './proposal.ts';
import { bytesOf, eachField, Malformed, message, messageField, varintField } from './protobuf.ts';

/** Where a write goes, and on which condition. */
export interface WriteTarget {
  readonly stream: string;
  readonly expected: Expected;
}

/** The options of Append, Delete and Tombstone. */
const expectedFields: ExpectedFields = { revision: 2, no_stream: 3, any: 4, stream_exists: 5 };
/** In the answer that says what was expected instead. */
const refusedFields: ExpectedFields = { revision: 8, any: 9, stream_exists: 10, no_stream: 11 };

const readTarget = (bytes: Buffer): WriteTarget => {
  let stream: string | undefined;
  let expected: Expected | undefined;
  eachField(bytes, (field, value) => {
    if (field === 1) stream = readStreamName(value);
    expected = readExpected(expectedFields, field, value) ?? expected;
  });
  if (stream === undefined || expected === undefined)
    throw new Malformed('a write needs a stream and an expected revision');
  return { stream, expected };
};

export type AppendRequest =
  | { readonly is: 'target'; readonly target: WriteTarget }
  | { readonly is: 'proposal'; readonly proposal: ProposalRead };

/** `AppendReq`: the target first, then one event a message. */
export const readAppendRequest = (bytes: Buffer): AppendRequest => {
  let request: AppendRequest | undefined;
  eachField(bytes, (field, value) => {
    if (field === 1) request = { is: 'target', target: readTarget(bytesOf(value)) };
    if (field === 2) request = { is: 'proposal', proposal: readProposal(value) };
  });
  if (request === undefined) throw new Malformed('an append message has neither options nor an event');
  return request;
};

/** `DeleteReq` and `TombstoneReq`. */
export const readRemoveRequest = (bytes: Buffer): WriteTarget => {
  let target: WriteTarget | undefined;
  eachField(bytes, (field, value) => {
    if (field === 1) target = readTarget(bytesOf(value));
  });
  if (target === undefined) throw new Malformed('a deletion has no options');
  return target;
};

/** Where a stream ends after an append, in both its answers; an append of nothing leaves a missing stream missing. */
export const currentRevisionField = (revision: number): Buffer =>
  revision < 0 ? messageField(2) : varintField(1, revision);

/** `AppendResp.Success`. */
export const appendSucceeded = (revision: number, position: number): Buffer =>
  message(messageField(1, currentRevisionField(revision), positionField(3, position)));

/** `AppendResp.WrongExpectedVersion`: a refusal that is an answer, not an error. */
export const appendRefused = (expected: Expected, actual: number | 'no_stream'): Buffer =>
  message(
    messageField(
      2,
      actual === 'no_stream' ? messageField(7) : varintField(6, actual),
      expectedField(refusedFields, expected),
    ),
  );

/** `DeleteResp` and `TombstoneResp`. */
export const removed = (position: number): Buffer => message(positionField(1, position));
