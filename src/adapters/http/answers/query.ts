import { isProblem, type Problem } from '../../../domain/kernel/operation.ts';
import { problem } from '../../../problems.ts';
import { freshness, isUnchanged } from '../intake/conditions.ts';
import { callOf, perform, send, type Exchange } from './exchange.ts';
import { outgoingQuery } from './outgoing.ts';
import { respond, say } from './respond.ts';

const behindRetryMs = 1_000;

/**
 * Waits until the read model shows the position that the caller has seen (design 6, read your writes). Answers whether
 * what will be said is stale and the caller is content with that.
 */
const awaitFreshness = async <Context>({
  surface: { limits, options },
  route: { operation },
  request,
  flight,
}: Exchange<Context>): Promise<boolean | Problem> => {
  const asked = freshness(request.headers, limits);
  if (!asked.ok) return asked.problem;
  const projection = operation.reads;
  if (asked.value === undefined || projection === undefined) return false;
  const { required, wait_ms, lenient } = asked.value;
  const { reached, position, state } = await options.waitFor(required, {
    projection,
    wait_ms,
    signal: flight.controller.signal,
  });
  if (reached) return false;
  return (
    lenient ||
    problem('projection_behind', `${projection} stands at ${position}, ${required} was asked for`, {
      retry_after_ms: behindRetryMs,
      more: {
        position: String(position),
        required: String(required),
        projection,
        ...(state === undefined ? {} : { state }),
      },
    })
  );
};

/** Answers a question, or says why not. */
export const answerQuery = async <Context>(
  exchange: Exchange<Context>,
  input: unknown,
): Promise<Problem | undefined> => {
  const { surface, route, request, reply } = exchange;
  const { headers } = request;
  const stale = headers['acta-min-position'] === undefined ? false : await awaitFreshness(exchange);
  if (typeof stale !== 'boolean') return stale;
  const answer = await perform(exchange, input, callOf(exchange, request.id));
  if (isProblem(answer)) return answer;
  const outgoing = outgoingQuery(route, answer, surface.options.check_outputs);
  if (reply.sent) return undefined;
  if (stale) say(request, 'Acta-Stale', 'true');
  const etag = outgoing.headers['ETag'];
  if (etag === undefined || !isUnchanged(headers['if-none-match'], etag)) {
    send(exchange, outgoing);
    return undefined;
  }
  const { 'Content-Type': _, ...same } = outgoing.headers;
  respond(reply, 304, same);
  return undefined;
};
