import type { APIError } from '@anthropic-ai/sdk';
import { broken, refused, unreachable, type Asked } from './faults.ts';
import { failed, type Failed } from './outcome.ts';

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

const spendLimits: ReadonlySet<string | null | undefined> = new Set([
  'enforced_spend_limit_reached',
  'contract_spend_limit_reached',
  'linked_organization_spend_limit_reached',
]);

/** Maps whatever the SDK threw to the five faults of requirements D82. */
export const faultOf = (thrown: unknown, asked: Asked): Failed => {
  const error = (thrown ?? {}) as Partial<APIError> & { readonly name?: string };
  const status = error.status ?? (error.type == null ? undefined : (statuses.get(error.type) ?? 500));
  if (status !== undefined)
    return refused(asked, {
      status,
      headers: error.headers,
      type: error.type,
      code: error.errorCode,
      reason: error.apiMessage,
      request_id: error.requestID,
      spent: spendLimits.has(error.errorCode),
    });
  if (error.name === 'APIConnectionTimeoutError') return failed('timeout', 'the connection timed out', true);
  if (error.name === 'APIConnectionError') return unreachable(asked, error);
  return broken(thrown);
};
