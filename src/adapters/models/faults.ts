import type { ModelRequest } from '../../ports.ts';
import { textOf } from './message.text.ts';
import { failed, type Failed } from './outcome.ts';

/** A provider that asks for more patience than this is taken to have asked for this much. */
export const retryAfterMsMax = 24 * 3_600_000;
const reasonCharsMax = 300;
const idCharsMax = 64;
/** A reason is searched for the prompt in windows of so many characters, each half over the last. */
const echoChars = 16;

/** Who was asked what, with which key: whatever may not be repeated, or must be said. */
export interface Asked {
  readonly provider: string;
  readonly request: ModelRequest;
  /** Empty where there is none. */
  readonly secret: string;
}

/** What a provider said when it refused. */
export interface Refusal {
  readonly status: number;
  readonly headers?: Headers | undefined;
  readonly type?: string | null | undefined;
  readonly code?: string | null | undefined;
  /** In the provider's own words. */
  readonly reason?: string | null | undefined;
  readonly request_id?: string | null | undefined;
  /** Money has run out: without a time at which that ends, asking again is in vain (assurance F61). */
  readonly spent?: boolean;
}

/** `retry-after-ms`, else `retry-after` in seconds or as a date (RFC 9110, 10.2.3), in milliseconds. */
const retryAfterMs = (headers: Headers | undefined, now: number): number | undefined => {
  const millis = headers?.get('retry-after-ms');
  const after = headers?.get('retry-after');
  const told = [
    millis == null || millis === '' ? NaN : Number(millis),
    after == null || after === '' ? NaN : Number(after) * 1000,
    after == null ? NaN : Date.parse(after) - now,
  ].find((ms) => Number.isFinite(ms) && ms >= 0);
  return told === undefined ? undefined : Math.min(Math.ceil(told), retryAfterMsMax);
};

/** Whether a text repeats some twenty characters of the prompt, or a short message whole. */
const echoes = (text: string, { system, messages }: ModelRequest): boolean => {
  const said = [system, ...messages.map(textOf)];
  if (said.some(({ length }, at) => length >= 4 && length < echoChars && text.includes(said[at] ?? ''))) return true;
  const prompt = said.join('\n');
  for (let at = 0; at + echoChars <= text.length; at += echoChars / 2)
    if (prompt.includes(text.slice(at, at + echoChars))) return true;
  return false;
};

/** The provider's own words, unless they hold a secret or repeat the prompt (requirements 6.5, rule 6). */
const quotable = (reason: string, { request, secret }: Asked): string => {
  const short = reason.slice(0, reasonCharsMax).toWellFormed();
  const telling = secret !== '' && reason.includes(secret);
  return short === '' || telling || echoes(short, request) ? '' : `: ${short}`;
};

const byStatus = (status: number): Pick<Failed, 'fault' | 'retryable'> => {
  if (status === 401 || status === 403) return { fault: 'misconfigured', retryable: false };
  if (status === 400 || status === 404 || status === 413 || status === 422)
    return { fault: 'invalid_request', retryable: false };
  if (status === 408 || status === 504) return { fault: 'timeout', retryable: true };
  return { fault: 'provider_error', retryable: status === 409 || status === 429 || status >= 500 };
};

/** Says what an answer with an error status, or an error in the stream, comes to. Neither key nor prompt is in it. */
export const refused = (asked: Asked, refusal: Refusal): Failed => {
  const { status, headers, type, code, reason, request_id, spent = false } = refusal;
  const { fault, retryable } = byStatus(status);
  const told = retryAfterMs(headers, Date.now());
  const wished = headers?.get('x-should-retry');
  const in_vain = spent && told === undefined;
  const again = !in_vain && (wished === 'true' || (wished !== 'false' && retryable));
  const why = fault === 'misconfigured' ? '' : quotable(reason ?? '', asked);
  const what = [status, type, code].filter((part) => part != null).join(' ');
  const id = request_id == null ? '' : ` (request ${request_id.slice(0, idCharsMax)})`;
  return failed(fault, `${asked.provider} answered ${what}${why}${id}`, again, again ? told : undefined);
};

const codeOf = (error: unknown, depth = 0): string => {
  const { code, cause } = (error ?? {}) as { readonly code?: unknown; readonly cause?: unknown };
  if (typeof code === 'string') return ` (${code.slice(0, idCharsMax)})`;
  return cause === undefined || depth > 3 ? '' : codeOf(cause, depth + 1);
};

const unlikeTheProtocol = new Set(['SyntaxError', 'ZodError', 'RangeError']);

/** Nobody answered; the connection, not the provider, is at fault. */
export const unreachable = ({ provider }: Asked, thrown: unknown): Failed =>
  failed('provider_error', `${provider} could not be reached${codeOf(thrown)}`, true);

/** An answer that began, and did not come to its end as the protocol says. */
export const broken = (thrown: unknown): Failed => {
  const { name = '' } = (thrown ?? {}) as { readonly name?: string };
  return unlikeTheProtocol.has(name)
    ? failed('provider_error', 'the answer was not what the protocol says', true)
    : failed('provider_error', `the answer broke off${codeOf(thrown)}`, true);
};
