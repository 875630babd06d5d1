import { LogError, type Expected } from '../../../ports.ts';
import type { StoreOutcome } from '../storage.ts';
import { expectedVersion } from '../wire/expected.ts';
import { requiredProperties } from '../wire/proposal.ts';
import { Malformed } from '../wire/protobuf.ts';

/** The status codes this front answers with (https://grpc.github.io/grpc/core/md_doc_statuscodes.html). */
export const grpcStatus = {
  ok: 0,
  invalidArgument: 3,
  permissionDenied: 7,
  resourceExhausted: 8,
  failedPrecondition: 9,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  dataLoss: 15,
} as const;

/**
 * Why a call ends other than well. EventStoreDB's clients look at the trailer `exception` first and at the code only
 * where there is none (eventstoredb.md 3.3).
 */
export class CallFailure extends Error {
  readonly code: number;
  readonly trailers: Readonly<Record<string, string>>;
  constructor(code: number, message: string, trailers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.code = code;
    this.trailers = trailers;
  }
}

/** Header values are ASCII: everything else, and the percent sign, is written as percent and two digits a byte. */
export const asciiOf = (text: string): string =>
  text.replaceAll(/[^\x20-\x24\x26-\x7e]+/gu, (others) =>
    Array.from(Buffer.from(others, 'utf8'), (byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  );

export const invalid = (message: string): CallFailure => new CallFailure(grpcStatus.invalidArgument, message);

export const unimplemented = (path: string): CallFailure =>
  new CallFailure(grpcStatus.unimplemented, `${path} is not offered by this log`);

/** The stream's name must be there: a client crashes on its absence. */
export const streamDeleted = (stream: string): CallFailure =>
  new CallFailure(grpcStatus.failedPrecondition, `Event stream '${stream}' is deleted.`, {
    exception: 'stream-deleted',
    'stream-name': asciiOf(stream),
  });

export const wrongExpectedVersion = (stream: string, expected: Expected, actual: number | 'no_stream'): CallFailure =>
  new CallFailure(
    grpcStatus.failedPrecondition,
    `Append failed due to WrongExpectedVersion. Stream: ${stream}, Expected version: ${expectedVersion(expected)}, Actual version: ${actual === 'no_stream' ? -1 : actual}`,
    {
      exception: 'wrong-expected-version',
      'stream-name': asciiOf(stream),
      'expected-version': String(expectedVersion(expected)),
      ...(actual === 'no_stream' ? {} : { 'actual-version': String(actual) }),
    },
  );

export const appendTooLarge = (bytesMax: number): CallFailure =>
  new CallFailure(grpcStatus.invalidArgument, `Maximum Append Size of ${bytesMax} Exceeded.`, {
    exception: 'maximum-append-size-exceeded',
    'maximum-append-size': String(bytesMax),
  });

export const propertiesMissing = (): CallFailure =>
  new CallFailure(grpcStatus.invalidArgument, 'Required Metadata Property missing.', {
    exception: 'missing-required-metadata-property',
    'required-metadata-properties': requiredProperties.join(','),
  });

/** Any write that did not succeed, as a unary call says it. */
export const refusalOf = (outcome: Exclude<StoreOutcome, { readonly is: 'appended' }>): CallFailure => {
  switch (outcome.is) {
    case 'wrong_expected_version':
      return wrongExpectedVersion(outcome.stream, outcome.expected, outcome.actual);
    case 'stream_deleted':
      return streamDeleted(outcome.stream);
    case 'too_large':
      return appendTooLarge(outcome.bytesMax);
    case 'invalid':
      return invalid(outcome.message);
    case 'disk_full':
      return new CallFailure(grpcStatus.resourceExhausted, 'the disk is full: nothing was recorded');
    case 'failed':
      return new CallFailure(grpcStatus.unavailable, outcome.message);
  }
};

const ofLogError = (error: LogError): CallFailure => {
  switch (error.fault) {
    case 'corrupt':
      return new CallFailure(grpcStatus.dataLoss, error.message);
    case 'invalid':
      return invalid(error.message);
    case 'disk_full':
      return new CallFailure(grpcStatus.resourceExhausted, error.message);
    default:
      return new CallFailure(grpcStatus.unavailable, error.message);
  }
};

/** What a call that threw ends with. */
export const failureOf = (error: unknown): CallFailure => {
  if (error instanceof CallFailure) return error;
  if (error instanceof Malformed) return invalid(error.message);
  if (error instanceof LogError) return ofLogError(error);
  return new CallFailure(grpcStatus.internal, error instanceof Error ? error.message : 'the call failed');
};
