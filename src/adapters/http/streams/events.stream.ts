import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { isProblem, permits, type AnyOperation, type Problem } from '../../../domain/kernel/operation.ts';
import { problem } from '../../../problems.ts';
import type { Batch, Filter, StoredEvent } from '../../../ports.ts';
import { intake, type Arrived } from '../intake/input.ts';
import type { EventSource } from '../options.ts';
import { respond } from '../answers/respond.ts';
import { isLoopback } from '../entrance/origin.ts';
import { sharedSubscription } from './shared.subscription.ts';
import { heartbeat, sseFrame, sseHeaders, type Sink } from './sse.ts';
import { takeOver, type Caller, type Surface } from '../surface.ts';

const listMax = 50;
/** Eighteen digits fit every log's 64 bits. */
const position = z.string().regex(/^\d{1,18}$/, 'expected a position as it was answered in Acta-Position');

const wanted = z.strictObject({
  from_position: position.optional().meta({ description: 'The first event is the one after this position.' }),
  from_now: z.boolean().default(false).meta({ description: 'Only what happens from now on.' }),
  type: z
    .array(z.string().min(1).max(200))
    .max(listMax)
    .optional()
    .meta({ description: 'Types of events, with a trailing * for all that begin so; commas mean or.' }),
  stream: z.string().min(1).max(200).optional().meta({ description: 'One stream, as `<noun>-<uuid>`.' }),
  correlation_id: z.string().min(1).max(200).optional(),
});
type Wanted = z.infer<typeof wanted>;

/** How the event stream is described; the answering is this file's. */
export const eventStreamOperation = <Context>(scope: string): AnyOperation<Context> => ({
  name: 'stream_events',
  kind: 'query',
  summary: 'Follow the log as server-sent events',
  description:
    'Every event in log order; `id` is its position, so `Last-Event-ID` resumes anywhere and beats `from_position` and `from_now`. `caught-up` marks the end of what was recorded before, `bye` the end of the stream with its reason; a comment with the position comes as heartbeat.',
  scope,
  input: wanted,
  output: z.string(),
  http: { method: 'GET', path: '/events/stream', tag: 'events' },
  text: 'text/event-stream',
  examples: [{ title: 'All that concerns turns, from now on', input: { type: ['Turn*'], from_now: true } }],
  run: () => Promise.reject(new Error('the event stream is not answered at once')),
});

/** What the log itself can leave out. It knows prefixes; exact names and everything else are told apart here. */
const filterOf = ({ type, stream }: Wanted): Filter => {
  if (stream !== undefined) return { by: 'stream_prefix', prefixes: [stream] };
  const prefixes = type?.map((name) => name.replace(/\*$/, '')) ?? [''];
  return prefixes.includes('') ? { by: 'not_system' } : { by: 'type_prefix', prefixes };
};

const matcherOf = ({ type, stream, correlation_id }: Wanted): ((event: StoredEvent) => boolean) => {
  const exact = new Set(type?.filter((name) => !name.endsWith('*')));
  const prefixes = type?.filter((name) => name.endsWith('*')).map((name) => name.slice(0, -1)) ?? [];
  return (event) =>
    !event.type.startsWith('$') &&
    (type === undefined || exact.has(event.type) || prefixes.some((prefix) => event.type.startsWith(prefix))) &&
    (stream === undefined || event.stream === stream) &&
    (correlation_id === undefined || event.metadata['$correlationId'] === correlation_id);
};

/** Where to begin, exclusive: where the reader left off, else where it says. Nobody has read what was never recorded. */
const startOf = async (
  lastEventId: string | undefined,
  { from_position, from_now }: Wanted,
  head: () => Promise<bigint>,
): Promise<bigint | 'start' | Problem> => {
  const said = lastEventId ?? from_position;
  if (said === undefined && !from_now) return 'start';
  const newest = await head();
  if (said === undefined) return newest < 0n ? 'start' : newest;
  if (BigInt(said) <= newest || said === '0') return BigInt(said);
  return problem('position_beyond_log', `the log ends at ${newest}, and ${said} was asked for`);
};

/** One reader's stream under way. */
interface Reading {
  readonly source: EventSource;
  readonly caller: Caller;
  readonly sink: Sink;
  readonly matches: (event: StoredEvent) => boolean;
  /** Up to where everything that matched has been handed over. */
  position: string | undefined;
  live: boolean;
}

const pieceCharsMax = 64 * 1024;

/** Hands a batch over in pieces, so that no more than one of them waits for a slow reader. */
const hand = async (reading: Reading, { events, position, live }: Batch): Promise<boolean> => {
  const { source, caller, sink, matches } = reading;
  let text = '';
  for (const event of events) {
    const data = matches(event) ? source.show(event, caller.principal) : undefined;
    if (data !== undefined) text += sseFrame('acta', data, String(event.position));
    if (text.length < pieceCharsMax) continue;
    if (!(await sink.write(text))) return false;
    reading.position = String(event.position);
    text = '';
  }
  // An empty log ends before its first event, for which readers have a word: 0.
  const reached = String(position < 0n ? 0n : position);
  reading.position = reached;
  if (live && !reading.live) {
    reading.live = true;
    text += sseFrame('caught-up', { position: reached }, reached);
  }
  return text === '' ? !sink.gone.aborted : sink.write(text);
};

/** `GET /events/stream`: the log as it is, to one reader, from any position, for as long as it listens. */
export const serveEvents = <Context>(surface: Surface<Context>, source: EventSource) => {
  const { options, streams, limits } = surface;
  const { readAll, subscribe: own, head } = source;
  const subscribe = readAll === undefined ? own : sharedSubscription({ readAll, subscribe: own, head });
  const take = intake(eventStreamOperation<Context>(source.scope), 'GET', '/events/stream');

  /** Whether the reader may still read: keys expire, and are withdrawn, while a stream is open. */
  const look = async (request: FastifyRequest, { key }: Caller, sink: Sink): Promise<void> => {
    const answer = await options.authenticate(key, { loopback: isLoopback(request.raw) });
    if (isProblem(answer) ? answer.status === 401 : !permits(answer.scopes, source.scope)) sink.bye('auth');
  };

  const follow = async (request: FastifyRequest, reply: FastifyReply, caller: Caller): Promise<void> => {
    const { params, query, body } = request;
    const taken = take({ params, query, body } as Arrived);
    if (!taken.ok) return surface.refuse(request, reply, taken.problem);
    const lastEventId = request.headers['last-event-id'];
    if (lastEventId !== undefined && !position.safeParse(lastEventId).success)
      return surface.refuse(request, reply, problem('malformed_request', 'Last-Event-ID is not a position'));
    if (!streams.hasRoom()) return surface.refuse(request, reply, problem('overloaded', 'too many streams are open'));
    if (!streams.hasRoomFor(caller.who)) {
      const many = problem('rate_limited', `at most ${limits.streamsPerPrincipalMax} streams may be open for one key`);
      return surface.refuse(request, reply, many);
    }
    const input = taken.input as Wanted;
    const from = await startOf(lastEventId as string | undefined, input, head);
    if (typeof from === 'object') return surface.refuse(request, reply, from);
    // There is no body to wait for: a stream would hold its place without a byte ever reaching whoever asked.
    if (request.method === 'HEAD') return respond(reply, 200, sseHeaders);
    const sink = takeOver(surface, reply);
    const reading: Reading = { source, caller, sink, matches: matcherOf(input), position: undefined, live: false };
    const beat = (): void => {
      sink.murmur(heartbeat(reading.position));
      look(request, caller, sink).catch(() => undefined);
    };
    streams.add({ sink, who: caller.who, beat, leave: () => sink.bye('shutdown') });
    try {
      const batches = subscribe({ from, filter: filterOf(input), signal: sink.gone });
      for await (const batch of batches) if (!(await hand(reading, batch))) return;
      sink.bye('log_unavailable');
    } catch (error) {
      options.journal.warn('event_stream_interrupted', { request_id: request.id, error: String(error) });
      sink.bye('log_unavailable');
    }
  };

  return (request: FastifyRequest, reply: FastifyReply): void => {
    const { caller } = request;
    if (caller === null) throw new Error('the entrance was not passed');
    follow(request, reply, caller).catch((error: unknown) => {
      surface.refuse(request, reply, surface.explained(request, error));
    });
  };
};
