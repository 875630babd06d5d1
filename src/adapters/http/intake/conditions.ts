import type { IncomingHttpHeaders } from 'node:http';
import type { Problem } from '../../../domain/kernel/operation.ts';
import { problem } from '../../../problems.ts';

/** What a header asks for, or why it cannot be read. */
export type Asked<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: Problem };

const asked = <T>(value: T): Asked<T> => ({ ok: true, value });
const unreadable = (header: string, expected: string): Asked<never> => ({
  ok: false,
  problem: problem('malformed_request', `${header} cannot be read: expected ${expected}`),
});

const revisionTag = /^"(\d{1,16})"$/;

/** The ETag of an aggregate: the revision of its stream. */
export const etagOf = (revision: number): string => `"${revision}"`;

/** `If-Match: "31"`: the revision on which the caller decided (RFC 9110, 13.1.1; `*` asks for nothing here). */
export const ifMatch = (headers: IncomingHttpHeaders): Asked<number | undefined> => {
  const header = headers['if-match']?.trim();
  if (header === undefined || header === '*') return asked(undefined);
  const revision = Number(revisionTag.exec(header)?.[1]);
  return Number.isSafeInteger(revision) ? asked(revision) : unreadable('If-Match', 'one ETag as it was answered, "31"');
};

/** Whether the caller has this already (RFC 9110, 13.1.2: weak comparison, a list, or `*`). */
export const isUnchanged = (header: string | undefined, etag: string): boolean =>
  header !== undefined &&
  header.split(',').some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === etag);

/** Visible ASCII, as the draft's structured-field string or bare. */
const idempotencyKeyForm = /^(?:"([\x21\x23-\x7e]{1,255})"|([\x21\x23-\x7e]{1,255}))$/;

/** `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): the caller's own name for this one request. */
export const idempotencyKey = (headers: IncomingHttpHeaders): Asked<string | undefined> => {
  const header = headers['idempotency-key'];
  if (header === undefined) return asked(undefined);
  const match = typeof header === 'string' ? idempotencyKeyForm.exec(header.trim()) : null;
  return match === null ? unreadable('Idempotency-Key', '1 to 255 visible characters') : asked(match[1] ?? match[2]);
};

/** What a read asks of the read model that answers it. */
export interface Freshness {
  /** The position that must be visible in the answer. */
  readonly required: bigint;
  readonly wait_ms: number;
  /** A stale answer, marked as such, is better than none. */
  readonly lenient: boolean;
}

const preference = (prefer: string, name: string): string | undefined =>
  prefer
    .split(/[,;]/)
    .map((part) => part.split('='))
    .find(([token]) => token?.trim().toLowerCase() === name)?.[1]
    ?.trim()
    .replaceAll('"', '');

const positionForm = /^\d{1,18}$/;

/** `Acta-Min-Position` with `Prefer: wait=2, handling=lenient` (RFC 7240); a preference that makes no sense is ignored. */
export const freshness = (
  headers: IncomingHttpHeaders,
  { waitMsMax, waitMsDefault }: { readonly waitMsMax: number; readonly waitMsDefault: number },
): Asked<Freshness | undefined> => {
  const position = headers['acta-min-position'];
  if (position === undefined) return asked(undefined);
  if (typeof position !== 'string' || !positionForm.test(position))
    return unreadable('Acta-Min-Position', 'a position as it was answered in Acta-Position');
  const prefer = [headers['prefer'] ?? []].flat().join(',');
  const seconds = Number(preference(prefer, 'wait') ?? Number.NaN);
  const wait_ms = seconds >= 0 ? Math.min(seconds * 1000, waitMsMax) : waitMsDefault;
  return asked({ required: BigInt(position), wait_ms, lenient: preference(prefer, 'handling') === 'lenient' });
};

const traceparentForm = /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** The caller's trace (W3C Trace Context), if it is one. */
export const traceparentOf = (headers: IncomingHttpHeaders): string | undefined => {
  const header = headers['traceparent'];
  return typeof header === 'string' && traceparentForm.test(header) ? header : undefined;
};
