import type { Expected } from '../../../ports.ts';
import { currentRevisionField, type WriteTarget } from './append.ts';
import { expectedField, readExpected, type ExpectedFields } from './expected.ts';
import { positionField, readStreamName, readUuid, streamField, uuidField } from './identifiers.ts';
import { readProposal, type ProposalRead } from './proposal.ts';
import {
  boolOf,
  bytesField,
  bytesOf,
  eachField,
  Malformed,
  message,
  messageField,
  numberOf,
  stringField,
  varintField,
  type Value,
} from './protobuf.ts';

const expectedFields: ExpectedFields = { revision: 2, no_stream: 3, any: 4, stream_exists: 5 };
const echoedFields: ExpectedFields = { revision: 5, no_stream: 6, any: 7, stream_exists: 8 };
const refusedFields: ExpectedFields = { revision: 3, any: 4, stream_exists: 5, no_stream: 6 };

/** Until when an append may be answered: a point in time (epoch ms), or a while from now (ms). */
export type Deadline = { readonly at_ms: number } | { readonly in_ms: number };

export interface BatchTarget extends WriteTarget {
  readonly deadline: Deadline | undefined;
}

export interface BatchRequest {
  readonly correlation: string;
  /** In the first message of an append only. */
  readonly target: BatchTarget | undefined;
  readonly proposals: readonly ProposalRead[];
  readonly is_final: boolean;
}

/** `Timestamp` and `Duration` alike: seconds and nanoseconds. */
const readMilliseconds = (value: Value): number => {
  let milliseconds = 0;
  eachField(bytesOf(value), (field, part) => {
    if (field === 1) milliseconds += numberOf(part) * 1000;
    if (field === 2) milliseconds += Math.floor(numberOf(part) / 1_000_000);
  });
  return milliseconds;
};

const readTarget = (bytes: Buffer): BatchTarget => {
  let stream: string | undefined;
  let expected: Expected | undefined;
  let deadline: Deadline | undefined;
  eachField(bytes, (field, value) => {
    if (field === 1) stream = readStreamName(value);
    if (field === 6) deadline = { at_ms: readMilliseconds(value) };
    if (field === 7) deadline = { in_ms: readMilliseconds(value) };
    expected = readExpected(expectedFields, field, value) ?? expected;
  });
  if (stream === undefined || expected === undefined)
    throw new Malformed('an append needs a stream and an expected revision');
  return { stream, expected, deadline };
};

/** `BatchAppendReq`: one append, or a part of one. */
export const readBatchRequest = (bytes: Buffer): BatchRequest => {
  let correlation: string | undefined;
  let target: BatchTarget | undefined;
  let is_final = false;
  const proposals: ProposalRead[] = [];
  eachField(bytes, (field, value) => {
    if (field === 1) correlation = readUuid(value);
    if (field === 2) target = readTarget(bytesOf(value));
    if (field === 3) proposals.push(readProposal(value));
    if (field === 4) is_final = boolOf(value);
  });
  if (correlation === undefined) throw new Malformed('an append has no correlation id');
  return { correlation, target, proposals, is_final };
};

/** Whose append a message belongs to, where the rest of it cannot be read. Throws `Malformed` where even that is lost. */
export const readCorrelation = (bytes: Buffer): string => {
  let correlation: string | undefined;
  eachField(bytes, (field, value) => {
    if (field === 1) correlation = readUuid(value);
  });
  if (correlation === undefined) throw new Malformed('an append has no correlation id');
  return correlation;
};

/** Why one append of many failed; the stream of appends goes on. */
export type BatchFailure =
  | { readonly is: 'wrong_expected_version'; readonly expected: Expected; readonly actual: number | 'no_stream' }
  | { readonly is: 'stream_deleted' }
  | { readonly is: 'timeout' }
  | { readonly is: 'too_large'; readonly bytesMax: number }
  | { readonly is: 'bad_request'; readonly message: string }
  | { readonly is: 'unknown'; readonly message: string };

interface Explanation {
  readonly code: number;
  readonly message: string;
  readonly type: string;
  readonly detail: Buffer;
}

const nothing = Buffer.alloc(0);

const explain = (failure: BatchFailure, stream: string): Explanation => {
  switch (failure.is) {
    case 'wrong_expected_version': {
      const actual = failure.actual === 'no_stream' ? messageField(2) : varintField(1, failure.actual);
      const detail = message(actual, expectedField(refusedFields, failure.expected));
      return { code: 6, message: 'Wrong expected version.', type: 'WrongExpectedVersion', detail };
    }
    case 'stream_deleted':
      return { code: 5, message: 'The stream is deleted.', type: 'StreamDeleted', detail: streamField(1, stream) };
    case 'timeout':
      return { code: 4, message: 'The append was not answered in time.', type: 'Timeout', detail: nothing };
    case 'too_large': {
      const detail = varintField(1, failure.bytesMax);
      return { code: 3, message: 'The append is too large.', type: 'MaximumAppendSizeExceeded', detail };
    }
    case 'bad_request':
      return { code: 3, message: failure.message, type: 'BadRequest', detail: stringField(1, failure.message) };
    case 'unknown':
      return { code: 2, message: failure.message, type: 'Unknown', detail: nothing };
  }
};

/** Clients take a response without a stream for a broken one, so it is there even where the request had none. */
const answer = (correlation: string, { stream, expected }: WriteTarget, result: Buffer): Buffer =>
  message(uuidField(1, correlation, 'string'), result, streamField(4, stream), expectedField(echoedFields, expected));

/** `BatchAppendResp.Success`. */
export const batchSucceeded = (correlation: string, target: WriteTarget, revision: number, position: number): Buffer =>
  answer(correlation, target, messageField(3, currentRevisionField(revision), positionField(3, position)));

/** `BatchAppendResp` with a `google.rpc.Status`, whose details name the reason for machines. */
export const batchFailed = (correlation: string, target: WriteTarget, failure: BatchFailure): Buffer => {
  const { code, message: text, type, detail } = explain(failure, target.stream);
  const any = messageField(3, stringField(1, `type.googleapis.com/event_store.client.${type}`), bytesField(2, detail));
  return answer(correlation, target, messageField(2, varintField(1, code), stringField(2, text), any));
};
