import type { FastifyReply, FastifyRequest } from 'fastify';
import { problem } from '../../../problems.ts';
import { wantsStream } from './answer.stream.ts';
import { answerCommand } from './command.ts';
import type { Exchange } from './exchange.ts';
import type { Arrived } from '../intake/input.ts';
import { answerQuery } from './query.ts';
import type { Route } from '../route.ts';
import type { Surface } from '../surface.ts';

const overloadedRetryMs = 1_000;

const overloaded = (lane: string) =>
  problem('overloaded', `as many requests of this kind (${lane}) are being answered as can be`, {
    retry_after_ms: overloadedRetryMs,
  });

/**
 * Answers one request whose caller is known and whose body has been read: parses the input once, takes off within the
 * time it may take, and lands with an answer or a problem. It never throws.
 */
const answer = async <Context>(
  surface: Surface<Context>,
  route: Route<Context>,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> => {
  const { telemetry } = surface.options;
  const { params, query, body, caller } = request;
  if (caller === null) throw new Error('the entrance was not passed');
  const taken = route.take({ params, query, body } as Arrived);
  if (!taken.ok) return surface.refuse(request, reply, taken.problem);
  if (!surface.flights.hasRoom(route.lane)) return surface.refuse(request, reply, overloaded(route.lane));
  const began = performance.now();
  const ms = wantsStream(route, request, taken.input) ? route.streamedMsMax : route.answerMsMax;
  const flight = surface.flights.begin(route.lane, ms, request, reply);
  const exchange: Exchange<Context> = { surface, route, request, reply, caller, flight };
  try {
    const work = route.operation.kind === 'query' ? answerQuery : answerCommand;
    const refusal = await work(exchange, taken.input);
    if (refusal !== undefined) surface.refuse(request, reply, refusal);
  } catch (error) {
    surface.refuse(request, reply, surface.explained(request, error));
  } finally {
    surface.flights.end(flight);
    const seconds = (performance.now() - began) / 1000;
    telemetry.observe('acta_http_request_duration_seconds', seconds, route.labels(reply.statusCode));
  }
};

/** The handler of one route. */
export const serve =
  <Context>(surface: Surface<Context>, route: Route<Context>) =>
  (request: FastifyRequest, reply: FastifyReply): void => {
    void answer(surface, route, request, reply);
  };
