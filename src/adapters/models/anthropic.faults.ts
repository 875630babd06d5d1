import type { APIError } from '@anthropic-ai/sdk';
import type { ModelRequest } from '../../ports.ts';
import { textOf } from './message.text.ts';
import { failed, type Failed } from './outcome.ts';

/** A provider that asks for more patience than this is taken to have asked for this much. */
export const retryAfterMsMax = 24 * 3_600_000;
const reasonCharsMax = 300;
/** A reason is searched for the prompt in windows of so many characters, each half over the last. */
const echoChars = 16;

/** An `error` event in a stream has no status of its own; its type names one (assurance F64). */
const statuses = new Map<string, number>([
  ['invalid_request_error', 400],
  ['authentication_error', 401],
  ['billing_error', 402],
  ['permission_error', 403],
  ['not_found_error', 404],
  ['conflict_error', 409],
  ['request_too_large', 413],
  ['rate_limit_error', 429],
  ['api_error', 500],
  ['timeout_error', 504],
  ['overloaded_error', 529],
]);

/** Limits on money: without a time at which they end, asking again is in vain (assurance F61). */
const spendLimits: ReadonlySet<string | null | undefined> = new Set([
  'enforced_spend_limit_reached',
  'contract_spend_limit_reached',
  'linked_organization_spend_limit_reached',
]);

/** `retry-after-ms`, else `retry-after` in seconds or as a date (RFC 9110, 10.2.3), in milliseconds. */
export const retryAfterMs = (headers: Headers | undefined, now: number): number | undefined => {
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
const quotable = (reason: string | null | undefined, request: ModelRequest, secret: string): string => {
  const short = (reason ?? '').slice(0, reasonCharsMax).toWellFormed();
  return short === '' || (reason ?? '').includes(secret) || echoes(short, request) ? '' : `: ${short}`;
};

const byStatus = (status: number): Pick<Failed, 'fault' | 'retryable'> => {
  if (status === 401 || status === 403) return { fault: 'misconfigured', retryable: false };
  if (status === 400 || status === 404 || status === 413 || status === 422)
    return { fault: 'invalid_request', retryable: false };
  if (status === 408 || status === 504) return { fault: 'timeout', retryable: true };
  return { fault: 'provider_error', retryable: status === 409 || status === 429 || status >= 500 };
};

/** Says what an answer with an error status, or an `error` event in the stream, comes to. */
const refused = (error: Partial<APIError>, status: number, request: ModelRequest, secret: string): Failed => {
  const { fault, retryable } = byStatus(status);
  const told = retryAfterMs(error.headers, Date.now());
  const asked = error.headers?.get('x-should-retry');
  const spent = spendLimits.has(error.errorCode) && told === undefined;
  const again = !spent && (asked === 'true' || (asked !== 'false' && retryable));
  const reason = fault === 'misconfigured' ? '' : quotable(error.apiMessage, request, secret);
  const what = [status, error.type, error.errorCode].filter((part) => part != null).join(' ');
  const id = error.requestID == null ? '' : ` (request ${error.requestID.slice(0, 64)})`;
  return failed(fault, `anthropic answered ${what}${reason}${id}`, again, again ? told : undefined);
};

const codeOf = (error: unknown, depth = 0): string => {
  const { code, cause } = (error ?? {}) as { readonly code?: unknown; readonly cause?: unknown };
  if (typeof code === 'string') return ` (${code.slice(0, 64)})`;
  return cause === undefined || depth > 3 ? '' : codeOf(cause, depth + 1);
};

/** Maps whatever the SDK threw to the five faults of requirements D82. Neither key nor prompt is ever in the message. */
export const faultOf = (thrown: unknown, request: ModelRequest, secret: string): Failed => {
  const error = (thrown ?? {}) as Partial<APIError> & { readonly name?: string };
  const status = error.status ?? (error.type == null ? undefined : (statuses.get(error.type) ?? 500));
  if (status !== undefined) return refused(error, status, request, secret);
  if (error.name === 'APIConnectionTimeoutError') return failed('timeout', 'the connection timed out', true);
  if (error.name === 'APIConnectionError')
    return failed('provider_error', `anthropic could not be reached${codeOf(error)}`, true);
  if (error.name === 'SyntaxError' || error.name === 'ZodError' || error.name === 'RangeError')
    return failed('provider_error', 'the answer was not what the protocol says', true);
  return failed('provider_error', `the answer broke off${codeOf(error)}`, true);
};
