import type { FastifyReply, FastifyRequest } from 'fastify';
import { isProblem, type Principal, type Problem } from '../../domain/kernel/operation.ts';
import { problem } from '../../problems.ts';
import { traceparentOf } from './intake/conditions.ts';
import { flights, lanes, type Flights } from './answers/flights.ts';
import { httpLimits, httpQuotas, type HttpLimits, type QuotaName } from './limits.ts';
import { openStreams, type OpenStreams } from './streams/open.streams.ts';
import type { HttpOptions } from './options.ts';
import { refuse } from './answers/problem.document.ts';
import { quotaCounter, type QuotaCounter } from './entrance/quotas.ts';
import { openSse, retryMs, type Sink } from './streams/sse.ts';

/** Who asks, once it is known. */
export interface Caller {
  readonly principal: Principal;
  /** The principal's name across tenants: quotas and idempotency keys are counted for it. */
  readonly who: string;
  /** What was shown, to be looked at again while a stream is open. */
  readonly key: string | undefined;
}

declare module 'fastify' {
  interface FastifyRequest {
    caller: Caller | null;
  }
}

/** Everything that the parts of this surface share. */
export interface Surface<Context> {
  readonly options: HttpOptions<Context>;
  readonly limits: HttpLimits;
  readonly flights: Flights;
  readonly streams: OpenStreams;
  readonly quotas: Readonly<Record<QuotaName, QuotaCounter>> | undefined;
  /** Answers with a problem, unless there was an answer; counts it, and logs what an operator should see. */
  readonly refuse: (request: FastifyRequest, reply: FastifyReply, refusal: Problem) => void;
  /** A thrown error as a problem; what nobody can explain is logged whole and answered as `internal`. */
  readonly explained: (request: FastifyRequest, error: unknown) => Problem;
  /** True once the server is being stopped. */
  closing: boolean;
}

/** The path of a request without its query, cut where nobody would read on. */
export const pathOf = ({ raw: { url = '/' } }: FastifyRequest): string => {
  const query = url.indexOf('?');
  return (query === -1 ? url : url.slice(0, query)).slice(0, 512);
};

export const surface = <Context>(options: HttpOptions<Context>): Surface<Context> => {
  const { journal, telemetry } = options;
  const limits = { ...httpLimits, ...options.limits };
  const counter = (name: QuotaName): QuotaCounter =>
    quotaCounter(name, { ...httpQuotas, ...options.quotas }[name], limits.principalsMax);

  const answerProblem = (request: FastifyRequest, reply: FastifyReply, refusal: Problem): void => {
    if (reply.sent) return;
    telemetry.count('acta_http_refusals_total', { code: refusal.code });
    if (refusal.status >= 500 && refusal.code !== 'internal')
      journal.warn('http_refused', { request_id: request.id, code: refusal.code, detail: refusal.detail });
    const traceparent = traceparentOf(request.headers) ?? telemetry.traceparent();
    refuse(reply, refusal, { instance: pathOf(request), request_id: request.id, traceparent });
  };
  const streams = openStreams(limits);
  const room = {
    query: limits.queriesInFlightMax,
    command: limits.commandsInFlightMax,
    patient: limits.patientInFlightMax,
  };

  return {
    options,
    limits,
    flights: flights(room, limits.answerMsMax, answerProblem, (counts) => {
      for (const lane of lanes) telemetry.gauge('acta_http_in_flight', counts[lane], { lane });
      telemetry.gauge('acta_http_streams_open', streams.size());
    }),
    streams,
    quotas:
      options.quotas === false
        ? undefined
        : { read: counter('read'), write: counter('write'), stream: counter('stream') },
    refuse: answerProblem,
    explained: (request, error) => {
      const ended = error instanceof Error && typeof error.cause === 'object' ? error.cause : null;
      if (ended !== null && isProblem(ended)) return ended;
      const known = options.explain(error);
      if (known !== undefined) return known;
      journal.error('http_internal_error', {
        request_id: request.id,
        route: request.routeOptions.url,
        error: error instanceof Error ? (error.stack ?? error.message) : String(error),
      });
      return problem('internal', 'the request could not be answered; the request_id finds the reason in the logs');
    },
    closing: false,
  };
};

/** Takes a response out of the framework's hands and opens an event stream on it, with the headers said so far. */
export const takeOver = <Context>({ limits, options }: Surface<Context>, reply: FastifyReply): Sink => {
  reply.hijack();
  const retry_ms = retryMs(options.clock.chance());
  return openSse(reply.raw, reply.request.said ?? [], { ...limits, retry_ms });
};
