import type { IncomingMessage } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Problem } from '../../../domain/kernel/operation.ts';
import { problem } from '../../../problems.ts';
import { respond, say } from '../answers/respond.ts';

const requestHeaders = [
  'Authorization',
  'X-AOS-Key',
  'Content-Type',
  'Idempotency-Key',
  'If-Match',
  'If-None-Match',
  'Prefer',
  'Acta-Min-Position',
  'Last-Event-ID',
  'Request-Id',
  'X-Request-ID',
  'traceparent',
].join(', ');
const responseHeaders = [
  'Acta-Position',
  'Acta-Projection',
  'Acta-Stale',
  'Acta-Degraded',
  'ETag',
  'Location',
  'Idempotency-Replayed',
  'RateLimit',
  'RateLimit-Policy',
  'Request-Id',
  'Retry-After',
].join(', ');
const methods = 'GET, HEAD, POST, PUT, PATCH, DELETE';
const preflightSecondsMax = '600';

const loopbackName = /^(?:localhost|[\w-]+(?:\.[\w-]+)*\.localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/i;
const loopbackAddress = /^(?:127\.|::1$|::ffff:127\.)/;

/** Whether the caller sits on this machine, and asks for itself: behind a proxy everybody seems to come from here. */
export const isLoopback = ({ socket, headers }: IncomingMessage): boolean =>
  headers.forwarded === undefined &&
  headers['x-forwarded-for'] === undefined &&
  loopbackAddress.test(socket.remoteAddress ?? '');

/**
 * Who may ask from where. A page of another origin is refused unless its origin is named, or `*` for any; without keys the server answers
 * to loopback names alone, so that a page cannot reach it by giving it a name of its own (DNS rebinding). Answers the
 * refusal, or `preflight` for a request that has herewith been answered, or nothing.
 */
export const doorkeeper = ({
  keyless,
  origins,
}: {
  readonly keyless: boolean;
  readonly origins: readonly string[];
}): ((request: FastifyRequest, reply: FastifyReply) => Problem | 'preflight' | undefined) => {
  const allowed = new Set(origins.map((origin) => origin.toLowerCase()));
  const isAnyAllowed = allowed.has('*');

  const isSame = (origin: string, host: string): boolean => {
    try {
      return new URL(origin).host === host.toLowerCase();
    } catch {
      return false;
    }
  };

  return (request, reply) => {
    const { headers, method, httpVersion } = request.raw;
    const { host, origin } = headers;
    if (host === undefined && httpVersion === '1.1') return problem('malformed_request', 'the header Host is missing');
    if (keyless && host !== undefined && !loopbackName.test(host))
      return problem(
        'origin_not_allowed',
        'without keys this server answers only to localhost, 127.0.0.1 and [::1]; ask for one of them, or set a key',
      );
    if (origin === undefined) return undefined;
    if (!isAnyAllowed && !allowed.has(origin.toLowerCase())) {
      if (host !== undefined && isSame(origin, host)) return undefined;
      return problem('origin_not_allowed', 'pages of this origin may not ask');
    }
    say(request, 'Access-Control-Allow-Origin', isAnyAllowed ? '*' : origin);
    say(request, 'Vary', 'Origin');
    if (method !== 'OPTIONS' || headers['access-control-request-method'] === undefined) {
      say(request, 'Access-Control-Expose-Headers', responseHeaders);
      return undefined;
    }
    respond(reply, 204, {
      'Access-Control-Allow-Methods': methods,
      'Access-Control-Allow-Headers': requestHeaders,
      'Access-Control-Max-Age': preflightSecondsMax,
    });
    return 'preflight';
  };
};
