import type { Answer } from '../define.ts';
import { failure, type Failure } from '../failure.ts';
import { capabilityFaults, type Fetched, type GuardedFetch, type GuardedRequest } from '../net/guarded.fetch.ts';

export interface CaldavSettings {
  /** The collection, ending in a slash or not. */
  readonly url: string;
  readonly username?: string;
  readonly password?: string;
  /** The way out, with the server's host and port allowed where it is not public. */
  readonly http: GuardedFetch;
}

/** An entry on the server: where, and which version of it. Without an ETag nobody can tell whether it was changed. */
export interface Stored {
  readonly url: string;
  readonly etag: string | null;
}

type Asked = Pick<GuardedRequest, 'method' | 'body' | 'headers'>;

/** Putting and deleting under a condition may be tried again, whatever became of it the first time. */
const brokenOff = (fetched: Extract<Fetched, { ok: false }>): Failure =>
  failure(capabilityFaults[fetched.fault], fetched.message, { happened: fetched.sent ? 'unknown' : 'no' });

const refused = (status: number): Failure => {
  if (status === 401 || status === 403) return failure('permission_denied', `the calendar server answered ${status}`);
  if (status === 404 || status === 409) return failure('not_found', `there is no such calendar (${status})`);
  if (status >= 500) return failure('third_party', `the calendar server answered ${status}`, { happened: 'unknown' });
  if (status === 429) return failure('rate_limited', 'the calendar server is asked too often');
  return failure('failed', `the calendar server answered ${status}`, { happened: status < 400 ? 'unknown' : 'no' });
};

/** The part of CalDAV (RFC 4791, 5.3.2) that writing one entry and taking it back needs. */
export const caldav = ({ url, username, password, http }: CaldavSettings) => {
  const authorization =
    username === undefined ? undefined : `Basic ${Buffer.from(`${username}:${password ?? ''}`).toString('base64')}`;
  const ask = (at: string, asked: Asked, signal: AbortSignal): Promise<Fetched> =>
    http.fetch({
      ...asked,
      url: at,
      headers: { ...(authorization === undefined ? {} : { authorization }), ...asked.headers },
      signal,
    });

  /** What is stored there, if it is the entry of this id. */
  const found = async (at: string, uid: string, signal: AbortSignal): Promise<Stored | Failure> => {
    const told = await ask(at, { method: 'GET' }, signal);
    if (!told.ok) return brokenOff(told);
    if (told.status !== 200) return refused(told.status);
    const isOurs = told.body.toString('utf8').split(/\r?\n/).includes(`UID:${uid}`);
    return isOurs
      ? { url: at, etag: told.headers.etag ?? null }
      : failure('already_exists', 'another entry has this place');
  };

  return {
    /** Puts an entry where there is none. One of the same id that is there was put by an attempt before. */
    put: async (uid: string, calendar: string, signal: AbortSignal): Promise<Stored | Failure> => {
      const at = new URL(`${encodeURIComponent(uid)}.ics`, url.endsWith('/') ? url : `${url}/`).href;
      const headers = { 'content-type': 'text/calendar; charset=utf-8', 'if-none-match': '*' };
      const told = await ask(at, { method: 'PUT', body: calendar, headers }, signal);
      if (!told.ok) return brokenOff(told);
      if (told.status === 412) return found(at, uid, signal);
      if (told.status < 200 || told.status > 299) return refused(told.status);
      if (told.headers.etag !== undefined) return { url: at, etag: told.headers.etag };
      const stored = await found(at, uid, signal);
      return 'ok' in stored ? { url: at, etag: null } : stored;
    },

    /** Deletes an entry that is still as it was put. */
    remove: async ({ url: at, etag }: Stored, signal: AbortSignal): Promise<Answer<unknown>> => {
      if (etag === null) return failure('failed', 'the server gave no version by which to see whether it was changed');
      const told = await ask(at, { method: 'DELETE', headers: { 'if-match': etag } }, signal);
      if (!told.ok) return brokenOff(told);
      if (told.status === 404 || told.status === 410) return { ok: true, result: { deleted: false } };
      if (told.status === 412) return failure('failed', 'the entry was changed since it was made');
      return told.status >= 200 && told.status < 300 ? { ok: true, result: { deleted: true } } : refused(told.status);
    },
  };
};
