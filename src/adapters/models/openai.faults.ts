import type { APIError } from 'openai';
import { broken, refused, unreachable, type Asked } from './faults.ts';
import { failed, type Failed } from './outcome.ts';

/** An error in a stream has no status of its own; its code or its type names one (assurance F64). */
const statuses = new Map<string, number>([
  ['invalid_request_error', 400],
  ['context_length_exceeded', 400],
  ['invalid_api_key', 401],
  ['authentication_error', 401],
  ['permission_error', 403],
  ['model_not_found', 404],
  ['rate_limit_exceeded', 429],
  ['rate_limit_error', 429],
  ['insufficient_quota', 429],
  ['server_error', 500],
  ['timeout', 504],
]);

const statusOf = ({ status, code, type }: Partial<APIError>): number | undefined => {
  if (status !== undefined || (code == null && type == null)) return status;
  return statuses.get(code ?? '') ?? statuses.get(type ?? '') ?? 500;
};

const reasonOf = (body: unknown): string | undefined => {
  const { message } = (body ?? {}) as { readonly message?: unknown };
  return typeof message === 'string' ? message : undefined;
};

/** Maps whatever the SDK threw to the five faults of requirements D82. Its errors all have one name, but not one class. */
export const faultOf = async (thrown: unknown, asked: Asked): Promise<Failed> => {
  const { APIError, APIConnectionError, APIConnectionTimeoutError } = await import('openai');
  if (thrown instanceof APIConnectionTimeoutError) return failed('timeout', 'the connection timed out', true);
  if (thrown instanceof APIConnectionError) return unreachable(asked, thrown);
  if (!(thrown instanceof APIError)) return broken(thrown);
  const refusal = thrown as APIError;
  const status = statusOf(refusal);
  if (status === undefined) return broken(thrown);
  const { headers, type, code, requestID, error } = refusal;
  return refused(asked, {
    status,
    headers,
    type,
    code,
    reason: reasonOf(error),
    request_id: requestID,
    spent: code === 'insufficient_quota' || type === 'insufficient_quota',
  });
};
