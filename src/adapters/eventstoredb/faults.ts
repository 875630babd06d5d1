import { convertToCommandError, ErrorType, StreamDeletedError, StreamNotFoundError } from '@eventstore/db-client';
import { LogError, type LogFault } from '../../ports.ts';

/** gRPC's numbers for what the client calls unknown (https://grpc.github.io/grpc/core/md_doc_statuscodes.html). */
const faultByCode: Readonly<Record<number, LogFault>> = {
  3: 'invalid',
  4: 'timeout',
  7: 'access_denied',
  8: 'disk_full',
  12: 'unsupported',
  15: 'corrupt',
  16: 'access_denied',
};

const faultByType: Readonly<Partial<Record<string, LogFault>>> = {
  [ErrorType.TIMEOUT]: 'timeout',
  [ErrorType.DEADLINE_EXCEEDED]: 'timeout',
  [ErrorType.UNAVAILABLE]: 'unavailable',
  [ErrorType.CANCELLED]: 'unavailable',
  [ErrorType.NOT_LEADER]: 'unavailable',
  [ErrorType.ACCESS_DENIED]: 'access_denied',
  [ErrorType.INVALID_ARGUMENT]: 'invalid',
  [ErrorType.INVALID_TRANSACTION]: 'invalid',
  [ErrorType.MISSING_REQUIRED_METADATA_PROPERTY]: 'invalid',
  [ErrorType.STREAM_DELETED]: 'stream_deleted',
  [ErrorType.MAXIMUM_APPEND_SIZE_EXCEEDED]: 'too_large',
  [ErrorType.UNSUPPORTED]: 'unsupported',
};

const known = (error: unknown): { readonly type?: string; readonly code?: number; readonly message: string } => {
  if (!(error instanceof Error)) return { message: String(error) };
  // The client converts most errors itself, and lets some of grpc's own through.
  return convertToCommandError(error);
};

/**
 * Whatever the client threw, as one of the log's own errors. What nobody knows counts as `unavailable`: of an append the
 * outcome is then unknown, and asking again with the same ids is safe (assurance F21, F23).
 */
export const logErrorOf = (error: unknown, doing: string): LogError => {
  if (error instanceof LogError) return error;
  const { type = '', code = -1, message } = known(error);
  const fault = faultByType[type] ?? faultByCode[code] ?? 'unavailable';
  const what = message === '' ? type : message;
  return new LogError(fault, `${doing}: ${what}`, { cause: error });
};

/** A stream that was never written to, or was deleted softly. */
export const isMissing = (error: unknown): boolean => error instanceof StreamNotFoundError;

/** A tombstone; or, to a writer who expects the stream to exist, a soft deletion. */
export const isDeleted = (error: unknown): boolean => error instanceof StreamDeletedError;
