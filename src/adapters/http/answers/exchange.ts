import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Answer, Call, Problem } from '../../../domain/kernel/operation.ts';
import { traceparentOf } from '../intake/conditions.ts';
import { cameThrough } from '../through.ts';
import type { Flight } from './flights.ts';
import type { Outgoing } from './outgoing.ts';
import type { Occasion } from './problem.document.ts';
import { respond } from './respond.ts';
import type { Route } from '../route.ts';
import { pathOf, type Caller, type Surface } from '../surface.ts';

/** One request under way: everything that answering it needs. */
export interface Exchange<Context> {
  readonly surface: Surface<Context>;
  readonly route: Route<Context>;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly caller: Caller;
  readonly flight: Flight;
}

/** The call as the operation sees it; `id` names what a command records. */
export const callOf = <Context>(
  { request, caller, flight }: Exchange<Context>,
  id: string,
  if_match?: number,
): Call => {
  const over_mcp = cameThrough();
  return {
    principal: caller.principal,
    command_id: id,
    correlation_id: id,
    request_id: request.id,
    ...(over_mcp === undefined ? {} : { over_mcp }),
    ...(if_match === undefined ? {} : { if_match }),
    // Not a getter: an object literal with one makes a hidden class for each object, and those live long.
    signal: flight.controller.signal,
  };
};

export const perform = <Context>(
  { surface: { options }, route: { operation, span, attributes }, request }: Exchange<Context>,
  input: unknown,
  call: Call,
): Promise<Answer<unknown> | Problem> =>
  options.telemetry.span(
    span,
    attributes,
    () => operation.run(options.context, input as never, call),
    traceparentOf(request.headers),
  );

export const occasionOf = <Context>({ surface: { options }, request }: Exchange<Context>): Occasion => ({
  instance: pathOf(request),
  request_id: request.id,
  traceparent: traceparentOf(request.headers) ?? options.telemetry.traceparent(),
});

/** Sends an answer, unless the time was up before it was there. */
export const send = ({ reply }: Pick<Exchange<never>, 'reply'>, { status, headers, body }: Outgoing): void => {
  if (!reply.sent) respond(reply, status, headers, body);
};
