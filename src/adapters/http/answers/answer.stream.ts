import type { FastifyRequest } from 'fastify';
import { isProblem, type Call, type Piece, type Problem } from '../../../domain/kernel/operation.ts';
import { traceparentOf } from '../intake/conditions.ts';
import { occasionOf, type Exchange } from './exchange.ts';
import { reasonOf } from './flights.ts';
import { jsonText } from './json.text.ts';
import type { Permission } from './once.ts';
import type { KeptAnswer } from '../../../ports.ts';
import { jsonMedia } from './outgoing.ts';
import { documentOf } from './problem.document.ts';
import type { Route } from '../route.ts';
import { heartbeat, sseFrame, type Sink } from '../streams/sse.ts';
import { takeOver } from '../surface.ts';

/** Whether the answer is wanted piece by piece: the input says `stream: true`, or the caller accepts events. */
export const wantsStream = <Context>(
  { operation }: Route<Context>,
  { headers }: FastifyRequest,
  input: unknown,
): boolean => {
  if (operation.stream === undefined) return false;
  if (typeof input === 'object' && input !== null && 'stream' in input && input.stream === true) return true;
  return headers.accept?.includes('text/event-stream') === true;
};

const problemFrame = <Context>(exchange: Exchange<Context>, refusal: Problem, id?: string): string =>
  sseFrame('problem', JSON.parse(documentOf(refusal, occasionOf(exchange))), id);

/** One piece on the wire. A problem is the same document as in a plain answer: callers read it with the same eyes. */
const frameOf = <Context>(exchange: Exchange<Context>, { event, data, id }: Piece): string =>
  event === 'problem' && typeof data === 'object' && data !== null && isProblem(data)
    ? problemFrame(exchange, data, id)
    : sseFrame(event, data, id);

const open = <Context>(exchange: Exchange<Context>): Sink => {
  const { surface, reply, flight } = exchange;
  const sink = takeOver(surface, reply);
  surface.streams.add({ sink, beat: () => sink.murmur(heartbeat()), leave: () => undefined });
  const signal = flight.controller.signal;
  const ended = (): void => sink.end(problemFrame(exchange, reasonOf(signal)));
  signal.addEventListener('abort', ended, { once: true });
  return sink;
};

/** What would have been answered to a caller who does not want pieces. */
const asAnswer = ({ data }: Piece): KeptAnswer => ({
  status: 200,
  headers: { 'Content-Type': jsonMedia, 'Cache-Control': 'private, no-cache' },
  body: jsonText(data),
});

/**
 * Answers piece by piece. The last piece is `done`, with the plain answer's body, or `problem`. A listener who leaves
 * ends nothing: the pieces are taken to the end, so that the answer is kept for whoever asks again with the same key.
 */
export const streamAnswer = async <Context>(
  exchange: Exchange<Context>,
  input: unknown,
  call: Call,
  settle: Permission['settle'],
): Promise<Problem | undefined> => {
  const { surface, route, request } = exchange;
  const { context, telemetry } = surface.options;
  const { operation, span, attributes } = route;
  if (operation.stream === undefined) throw new Error(`${operation.name} does not stream`);
  const { stream } = operation;
  const begun = await telemetry.span(
    span,
    attributes,
    () => stream(context, input as never, call),
    traceparentOf(request.headers),
  );
  if (isProblem(begun)) {
    await settle(undefined);
    return begun;
  }
  const sink = open(exchange);
  try {
    let done: Piece | undefined;
    for await (const piece of begun) {
      if (piece.event === 'done') {
        done = piece;
        await settle(asAnswer(piece));
      }
      await sink.write(frameOf(exchange, piece));
    }
    if (done === undefined) await settle(undefined);
    sink.end('');
  } catch (error) {
    await settle(undefined);
    sink.end(problemFrame(exchange, surface.explained(request, error)));
  }
  return undefined;
};

/** The answer that was kept, to a caller who wants pieces: there is only the last one left. */
export const replayAsStream = <Context>(exchange: Exchange<Context>, { body }: KeptAnswer): void => {
  open(exchange).end(sseFrame('done', JSON.parse(body)));
};
