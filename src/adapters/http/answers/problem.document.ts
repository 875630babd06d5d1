import type { FastifyReply } from 'fastify';
import type { Problem } from '../../../domain/kernel/operation.ts';
import { jsonText } from './json.text.ts';
import { respond, say } from './respond.ts';

export const problemMedia = 'application/problem+json; charset=utf-8';

/** Of which request a problem speaks. */
export interface Occasion {
  /** The path without its query. */
  readonly instance: string;
  readonly request_id: string;
  readonly traceparent?: string | undefined;
}

const retrySecondsDefault = 1;

/** Seconds for `Retry-After`, where asking again makes sense. */
export const retryAfterSeconds = ({ status, retryable, retry_after_ms }: Problem): number | undefined => {
  if (retry_after_ms !== undefined) return Math.max(1, Math.ceil(retry_after_ms / 1000));
  return retryable && (status === 503 || status === 429 || status === 409) ? retrySecondsDefault : undefined;
};

/** A problem as RFC 9457 has it, with our members `code`, `request_id`, `trace_id` and `retryable`. */
export const documentOf = (
  { status, code, title, detail, retryable, more }: Problem,
  { instance, request_id, traceparent }: Occasion,
): string =>
  jsonText({
    ...more,
    type: `/problems/${code}`,
    title,
    status,
    detail,
    instance,
    code,
    request_id,
    trace_id: traceparent?.split('-')[1],
    retryable,
  });

/** Answers with a problem. */
export const refuse = (reply: FastifyReply, refusal: Problem, occasion: Occasion): void => {
  const seconds = retryAfterSeconds(refusal);
  if (seconds !== undefined) say(reply.request, 'Retry-After', String(seconds));
  if (refusal.status === 401) say(reply.request, 'WWW-Authenticate', 'Bearer realm="acta"');
  const headers = { 'Content-Type': problemMedia, 'Cache-Control': 'no-store' };
  respond(reply, refusal.status, headers, documentOf(refusal, occasion));
};
