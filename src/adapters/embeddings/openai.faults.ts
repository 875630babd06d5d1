import type { APIError } from 'openai';
import { failed, type Failed } from './request.ts';

/** A provider that asks for more patience than this is taken to have asked for this much. */
const retryAfterMsMax = 24 * 3_600_000;

/** `retry-after-ms`, else `retry-after` in seconds or as a date (RFC 9110, 10.2.3), in milliseconds. */
const retryAfterMs = (headers: Headers | undefined): number | undefined => {
  const millis = headers?.get('retry-after-ms') ?? '';
  const after = headers?.get('retry-after') ?? '';
  const told = [
    millis === '' ? NaN : Number(millis),
    after === '' ? NaN : Number(after) * 1_000,
    Date.parse(after) - Date.now(),
  ].find((ms) => Number.isFinite(ms) && ms >= 0);
  return told === undefined ? undefined : Math.min(Math.ceil(told), retryAfterMsMax);
};

/** What an error status comes to: the five faults of requirements D82, and that there were too many requests (D90). */
const byStatus = (status: number, spent: boolean): Pick<Failed, 'fault' | 'retryable'> => {
  if (status === 401 || status === 403) return { fault: 'misconfigured', retryable: false };
  if (status === 429) return { fault: 'rate_limited', retryable: !spent };
  if (status === 408 || status === 504) return { fault: 'timeout', retryable: true };
  if (status === 400 || status === 404 || status === 413 || status === 422)
    return { fault: 'invalid_request', retryable: false };
  return { fault: 'provider_error', retryable: status === 409 || status >= 500 };
};

/** Maps whatever the SDK threw. The provider's own words are left out: they may repeat the key, or the texts. */
export const faultOf = async (thrown: unknown): Promise<Failed> => {
  const { APIError, APIConnectionError, APIConnectionTimeoutError } = await import('openai');
  if (thrown instanceof APIConnectionTimeoutError) return failed('timeout', 'no answer in time', true);
  if (thrown instanceof APIConnectionError) return failed('provider_error', 'openai could not be reached', true);
  if (!(thrown instanceof APIError)) return failed('provider_error', 'the answer was not what the protocol says', true);
  const { status, code, type, headers } = thrown as APIError;
  if (status === undefined) return failed('provider_error', 'the answer was not what the protocol says', true);
  const spent = code === 'insufficient_quota' || type === 'insufficient_quota';
  const { fault, retryable } = byStatus(status, spent);
  return failed(fault, `openai answered ${status}`, retryable, retryable ? retryAfterMs(headers) : undefined);
};
