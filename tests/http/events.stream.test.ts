import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { LogError, type EventLog } from '../../src/ports.ts';
import { problem } from '../../src/problems.ts';
import { freshLog, listen, openLog, write, type Listener } from './event.source.ts';
import type { EventSource } from '../../src/adapters/http/options.ts';
import { operator, operatorKey, readerKey, running } from './running.server.ts';

const numbers = ({ messages }: Listener): readonly unknown[] =>
  messages.filter(({ event }) => event === 'acta').map(({ data }) => (data['data'] as { n: number }).n);

const caughtUp = (listener: Listener): Promise<void> =>
  vi.waitFor(() => expect(listener.messages.some(({ event }) => event === 'caught-up')).toBe(true), 10_000);

const range = (from: number, to: number): readonly number[] => Array.from({ length: to - from }, (_, n) => from + n);

/** One log for all tests here, which take a second to open one; each writes to a stream of its own. */
let log: EventLog;
let source: EventSource;
let close: () => Promise<void>;
beforeAll(async () => {
  ({ log, source, close } = await openLog());
});
afterAll(() => close());

const aSession = (): string => `session-${randomUUID()}`;

describe('the event stream', () => {
  it('tells what was, says when that is all, and goes on with what happens', async () => {
    const stream = aSession();
    const { url } = await running({ events: source });
    await write(log, stream, 3);
    const listener = await listen(`${url}/events/stream?stream=${stream}`);
    await caughtUp(listener);
    expect(listener.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
    });
    await write(log, stream, 2, { first: 3 });
    await vi.waitFor(() => expect(numbers(listener)).toEqual(range(0, 5)));
    const events = listener.messages.map(({ event }) => event);
    expect(events).toEqual(['acta', 'acta', 'acta', 'caught-up', 'acta', 'acta']);
    expect(listener.messages.at(-1)?.id).toBe(String(await log.head()));
  });

  it('tells everything once and in order to a reader whose connection is cut again and again', async () => {
    const stream = aSession();
    const { url } = await running({ events: source });
    const [count, cutsMax] = [10_000, 50];
    const heard: unknown[] = [];
    let cuts = 0;
    const reading = (async () => {
      let lastId: string | undefined;
      while (heard.length < count) {
        const listener = await listen(`${url}/events/stream?stream=${stream}`, {
          headers: lastId === undefined ? {} : { 'last-event-id': lastId },
          hear: ({ event, data }, { cut }) => {
            if (event !== 'acta' || heard.length >= count) return;
            heard.push((data['data'] as { n: number }).n);
            if (cuts < cutsMax && heard.length >= (cuts + 1) * (count / cutsMax)) {
              cuts += 1;
              cut();
            } else if (heard.length === count) cut();
          },
        });
        await listener.ended;
        lastId = listener.lastId ?? lastId;
      }
    })();
    for (let first = 0; first < count; first += 100) await write(log, stream, 100, { first });
    await reading;
    // What was read of a cut connection after the last message is read again: it is told once for each id.
    expect(cuts).toBe(cutsMax);
    expect(heard).toEqual(range(0, count));
  });

  it('begins after a position, or now, and where the reader left off before all', async () => {
    const stream = aSession();
    const { url } = await running({ events: source });
    await write(log, stream, 5);
    const all = await listen(`${url}/events/stream?stream=${stream}`);
    await caughtUp(all);
    const third = all.messages[2]!.id!;
    const after = await listen(`${url}/events/stream?stream=${stream}&from_position=${third}`);
    const resumed = await listen(`${url}/events/stream?stream=${stream}&from_now=1`, {
      headers: { 'last-event-id': third },
    });
    const now = await listen(`${url}/events/stream?stream=${stream}&from_now`);
    await Promise.all([caughtUp(after), caughtUp(resumed), caughtUp(now)]);
    expect([numbers(after), numbers(resumed), numbers(now)]).toEqual([[3, 4], [3, 4], []]);
    // Whoever began now and heard nothing still knows where it stood.
    expect(now.lastId).toBe(String(await log.head()));
  });

  it('tells only what is asked for', async () => {
    const { url } = await running({ events: source });
    const from = await log.head();
    const [one, two] = [aSession(), aSession()];
    const correlation = randomUUID();
    await write(log, one, 1, { type: 'TurnReceived' });
    await write(log, two, 1, { type: 'TurnReceivedLate', correlation });
    await write(log, `agent-${randomUUID()}`, 1, { type: 'AgentPaused' });
    const types = async (query: string): Promise<readonly unknown[]> => {
      const listener = await listen(`${url}/events/stream?from_position=${from < 0n ? 0n : from}&${query}`);
      await caughtUp(listener);
      listener.cut();
      return listener.messages.filter(({ event }) => event === 'acta').map(({ data }) => data['type']);
    };
    expect(await types('')).toEqual(['TurnReceived', 'TurnReceivedLate', 'AgentPaused']);
    expect(await types('type=*')).toHaveLength(3);
    expect(await types('type=TurnReceived')).toEqual(['TurnReceived']);
    expect(await types('type=Turn*')).toEqual(['TurnReceived', 'TurnReceivedLate']);
    expect(await types('type=AgentPaused,TurnReceivedL*')).toEqual(['TurnReceivedLate', 'AgentPaused']);
    expect(await types(`stream=${one}`)).toEqual(['TurnReceived']);
    expect(await types(`correlation_id=${correlation}`)).toEqual(['TurnReceivedLate']);
    expect(await types(`stream=${two}&type=Agent*`)).toEqual([]);
  });

  it('moves a reader on for whom nothing is, by its heartbeat', async () => {
    const stream = aSession();
    const { url } = await running({ events: source, limits: { heartbeatMs: 20 } });
    const listener = await listen(`${url}/events/stream?type=Nothing*`);
    await caughtUp(listener);
    await write(log, stream, 10);
    const head = String(await log.head());
    await vi.waitFor(() => expect(listener.comments.at(-1)).toBe(`hb ${head}`));
    expect(listener.lastId).toBe(head);
    expect(numbers(listener)).toEqual([]);
  });

  it('shows a principal nothing that is not for it', async () => {
    const stream = aSession();
    const other = { ...operator, tenant: 'other' };
    const { url } = await running({ events: source, authenticate: () => other });
    await write(log, stream, 3);
    const listener = await listen(`${url}/events/stream?stream=${stream}`);
    await caughtUp(listener);
    expect(numbers(listener)).toEqual([]);
  });

  it('is refused before it begins where it cannot be', async () => {
    const { ask } = await running({ events: source, limits: { streamsPerPrincipalMax: 1 } });
    const code = async (path: string, headers: Record<string, string> = {}) => {
      const answer = await ask(path, { headers });
      return [answer.status, ((await answer.json()) as { code: string }).code];
    };
    expect(await code('/events/stream?from=1')).toEqual([422, 'unknown_parameter']);
    expect(await code('/events/stream?from_position=soon')).toEqual([400, 'validation_failed']);
    expect(await code(`/events/stream?from_position=${'9'.repeat(20)}`)).toEqual([400, 'validation_failed']);
    expect(await code('/events/stream', { 'last-event-id': 'x' })).toEqual([400, 'malformed_request']);
    // A reader of a log that was restored from a backup would wait for ever, and miss what is recorded meanwhile.
    expect(await code('/events/stream', { 'last-event-id': '999999' })).toEqual([422, 'position_beyond_log']);
    expect(await code('/events/stream?from_position=999999')).toEqual([422, 'position_beyond_log']);
    expect(await code('/events/stream', { authorization: `Bearer ${readerKey}` })).toEqual([403, 'insufficient_scope']);
    const first = await ask('/events/stream');
    expect(first.status).toBe(200);
    expect(await code('/events/stream')).toEqual([429, 'rate_limited']);
    await first.body?.cancel();
    await vi.waitFor(async () => {
      const again = await ask('/events/stream');
      await again.body?.cancel();
      expect(again.status).toBe(200);
    });
  });

  it('answers HEAD with its headers at once, and holds no place for it', async () => {
    const { ask } = await running({ events: source, limits: { streamsPerPrincipalMax: 1 } });
    for (let n = 0; n < 3; n += 1) {
      const answer = await ask('/events/stream', { method: 'HEAD' });
      expect([answer.status, await answer.text()]).toEqual([200, '']);
      expect(answer.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    }
    const stream = await ask('/events/stream');
    expect(stream.status).toBe(200);
    await stream.body?.cancel();
  });

  it('says goodbye when the server stops, with a time to come back', async () => {
    const { url, server } = await running({ events: source });
    const listeners = await Promise.all([listen(`${url}/events/stream`), listen(`${url}/events/stream`)]);
    await Promise.all(listeners.map(caughtUp));
    await server.close(10_000);
    for (const listener of listeners) {
      await listener.ended;
      const bye = listener.messages.at(-1)!;
      expect(bye).toMatchObject({ event: 'bye', data: { reason: 'shutdown' } });
      expect(bye.data['retry_ms']).toBeGreaterThanOrEqual(2_000);
      expect(bye.data['retry_ms']).toBeLessThan(4_000);
    }
  });

  it('says goodbye when the key is no longer valid', async () => {
    let valid = true;
    const { url } = await running({
      events: source,
      limits: { heartbeatMs: 20 },
      authenticate: (key) => (valid && key === operatorKey ? operator : problem('unauthenticated', 'withdrawn')),
    });
    const listener = await listen(`${url}/events/stream`);
    await caughtUp(listener);
    valid = false;
    await listener.ended;
    expect(listener.messages.at(-1)).toMatchObject({ event: 'bye', data: { reason: 'auth' } });
  });

  it('is one subscription of the log for all who listen, and none when nobody does', async () => {
    const signals: AbortSignal[] = [];
    const { url } = await running({
      events: {
        ...source,
        subscribe: (options) => {
          signals.push(options.signal);
          return source.subscribe(options);
        },
      },
    });
    const stream = aSession();
    await write(log, stream, 3);
    const listeners = await Promise.all(
      range(0, 5).map((n) => listen(`${url}/events/stream?stream=${stream}${n % 2 === 0 ? '' : '&from_now'}`)),
    );
    await Promise.all(listeners.map(caughtUp));
    await write(log, stream, 1_500, { first: 3 });
    await vi.waitFor(() => {
      for (const [n, listener] of listeners.entries())
        expect(numbers(listener)).toEqual(range(n % 2 === 0 ? 0 : 3, 1_503));
    }, 10_000);
    expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
    for (const { cut } of listeners) cut();
    await vi.waitFor(() => expect(signals.map(({ aborted }) => aborted)).toEqual([true]));
    const again = await listen(`${url}/events/stream?stream=${stream}`);
    await caughtUp(again);
    expect(numbers(again)).toEqual(range(0, 1_503));
  });

  it('goes on after the log was lost and found', async () => {
    let lost = false;
    const { url } = await running({
      events: {
        ...source,
        subscribe: async function* (options) {
          for await (const batch of source.subscribe(options)) {
            if (lost) throw new LogError('unavailable', 'the connection is gone');
            yield batch;
          }
        },
      },
    });
    const stream = aSession();
    await write(log, stream, 2);
    const listener = await listen(`${url}/events/stream?stream=${stream}`);
    await caughtUp(listener);
    lost = true;
    await write(log, stream, 2, { first: 2 });
    await listener.ended;
    expect(listener.messages.at(-1)).toMatchObject({ event: 'bye', data: { reason: 'log_unavailable' } });
    lost = false;
    const back = await listen(`${url}/events/stream?stream=${stream}`, {
      headers: { 'last-event-id': listener.lastId! },
    });
    await caughtUp(back);
    expect([numbers(listener), numbers(back)]).toEqual([range(0, 2), range(2, 4)]);
  });

  it('sends a reader away who takes nothing, and holds little for it until then', async () => {
    const { log, source } = await freshLog();
    const signals: AbortSignal[] = [];
    let handed = 0;
    const { url } = await running({
      events: {
        ...source,
        subscribe: (options) => {
          signals.push(options.signal);
          return source.subscribe(options);
        },
        show: (event, principal) => {
          handed += 1;
          return source.show(event, principal);
        },
      },
      limits: { stalledMsMax: 100 },
    });
    const [count, text] = [400, 'x'.repeat(100_000)];
    for (let first = 0; first < count; first += 5) await write(log, 'session-1', 5, { first, text });
    const listener = await listen(`${url}/events/stream`);
    listener.stall();
    await vi.waitFor(() => expect(signals[0]?.aborted).toBe(true), 10_000);
    // Forty megabytes were waiting; what the two sockets' buffers hold went out, and no more was fetched.
    expect(handed).toBeLessThan(count);
    const next = await listen(`${url}/events/stream?from_now`);
    await caughtUp(next);
  });
});
