import type { DatabaseFault } from '../../schema.ts';

/** An error of our own making, for what Postgres has no words for. */
export class DatabaseError extends Error {
  readonly fault: DatabaseFault;
  constructor(fault: DatabaseFault, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'DatabaseError';
    this.fault = fault;
  }
}

/** SQLSTATE (PostgreSQL documentation, appendix A) or a code of Node's. */
const faultByCode: Readonly<Record<string, DatabaseFault>> = {
  '40001': 'serialization',
  '40P01': 'serialization',
  '42P01': 'undefined_table',
  '53100': 'disk_full',
  '53200': 'unavailable', // out_of_memory
  '53300': 'too_many_connections',
  '57014': 'timeout',
  '55P03': 'timeout', // lock_not_available: the lock timeout
  '25P03': 'unavailable', // idle_in_transaction_session_timeout: the connection is gone
  '57P01': 'unavailable', // admin_shutdown
  '57P02': 'unavailable', // crash_shutdown
  '57P03': 'unavailable', // cannot_connect_now
  XX001: 'damaged', // data_corrupted
  XX002: 'damaged', // index_corrupted
  ENOSPC: 'disk_full',
  ECONNREFUSED: 'unavailable',
  ECONNRESET: 'unavailable',
  EPIPE: 'unavailable',
  ETIMEDOUT: 'unavailable',
  EHOSTUNREACH: 'unavailable',
  ENETUNREACH: 'unavailable',
  ENOTFOUND: 'unavailable',
  ENOENT: 'unavailable', // the unix socket is not there
};

/** Connection exceptions, and system errors: what is outside of PostgreSQL itself, files above all. */
const unavailableClasses = /^(08|58)[0-9A-Z]{3}$/;

/** What `pg` says of a lost or exhausted connection comes without a code. */
const lost =
  /^(Connection terminated|timeout exceeded when trying to connect|Client (was closed|has encountered)|Cannot use a pool after)/;

/** Why this failed: promised for every error that a statement, a transaction or a connection can throw. */
export const faultOf = (error: unknown): DatabaseFault => {
  if (error instanceof DatabaseError) return error.fault;
  if (!(error instanceof Error)) return 'other';
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const known = faultByCode[code] ?? (unavailableClasses.test(code) ? 'unavailable' : undefined);
  if (known !== undefined) return known;
  if (lost.test(error.message)) return 'unavailable';
  // A connection that fails at several addresses is an AggregateError; an aborted commit carries its cause.
  const inner: unknown = error instanceof AggregateError ? error.errors[0] : error.cause;
  return inner === undefined ? 'other' : faultOf(inner);
};
