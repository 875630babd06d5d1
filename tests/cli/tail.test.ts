import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { instantOf } from '../../src/adapters/cli/tail/tail.since.ts';
import { json, play, played, problem, sse, standIn, type Answer } from './stage.ts';

const event = (position: number): object => ({
  type: 'TurnCompleted',
  stream: 'session-1',
  revision: position,
  position: String(position),
  recorded_at: `2026-11-21T09:00:0${position % 10}.123Z`,
  actor: 'system:driver',
});

let server: Awaited<ReturnType<typeof standIn>>;
let answer: Answer;
beforeAll(async () => {
  server = await standIn((asked, response) => answer(asked, response));
});
afterEach(() => {
  server.asked.length = 0;
});
afterAll(() => server.close());

const env = (): Record<string, string> => ({ ACTA_URL: server.url });

describe('the tail of the log', () => {
  it('asks for what happens from now on, of these types', async () => {
    answer = (_, response) => sse(response)('acta', event(1), '1');
    const { exit, out } = await played(['tail', '--type', 'Turn*,Agent*', '--limit', '1'], { env: env() });
    expect({ exit, out }).toEqual({ exit: 0, out: '09:00:01.123  TurnCompleted  session-1@1  system:driver  1\n' });
    expect(server.asked[0]?.query).toEqual({ type: 'Turn*,Agent*', from_now: 'true' });
  });

  it('comes back after a lost connection where it was, and shows nothing twice', async () => {
    let connections = 0;
    answer = (_, response) => {
      connections += 1;
      const say = sse(response);
      if (connections === 1) {
        say('acta', event(1), '1');
        // A heartbeat moves the place without an event.
        response.write(': hb 5\nid: 5\n\n');
        setImmediate(() => response.destroy());
      } else if (connections === 2) {
        say('acta', event(6), '6');
        say('bye', { reason: 'shutdown', retry_ms: 1 }, '6');
        response.end();
      } else if (connections === 3) response.destroy();
      else if (connections === 4) problem(response, 503, 'shutting_down');
      else say('acta', event(7), '7');
    };
    const { exit, out, err } = await played(['tail', '--ndjson', '--limit', '3', '--from-position', '0'], {
      env: env(),
    });
    expect(exit).toBe(0);
    expect(
      out
        .trimEnd()
        .split('\n')
        .map((line) => (JSON.parse(line) as { position: string }).position),
    ).toEqual(['1', '6', '7']);
    expect(server.asked.map(({ headers }) => headers['last-event-id'])).toEqual([undefined, '5', '6', '6', '6']);
    expect(server.asked[0]?.query).toEqual({ from_position: '0' });
    expect(err).toContain('connecting again after 5');
  });

  it('ends when caught up, if nobody wants to follow', async () => {
    answer = (_, response) => {
      const say = sse(response);
      say('acta', event(1), '1');
      say('caught-up', { position: '1' }, '1');
    };
    const { exit, out } = await played(['tail', '--no-follow', '--plain'], { env: env() });
    expect({ exit, out }).toEqual({
      exit: 0,
      out: '2026-11-21T09:00:01.123Z\tTurnCompleted\tsession-1@1\tsystem:driver\t1\n',
    });
    expect(server.asked[0]?.query).toEqual({});
  });

  it('ends when whoever reads it has left', async () => {
    answer = (_, response) => sse(response)('acta', event(1), '1');
    const act = play(['tail'], { env: env() });
    await vi.waitFor(() => expect(act.out()).toContain('TurnCompleted'));
    act.stdout.emit('error', Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
    expect(await act.exit).toBe(0);
    await vi.waitFor(() => expect(act.signals.listenerCount('SIGINT')).toBe(0));
  });

  it('says when it is live, and ends with 130 on Ctrl-C', async () => {
    answer = (_, response) => sse(response)('caught-up', { position: '9' }, '9');
    const act = play(['tail'], { env: env() });
    await vi.waitFor(() => expect(act.err()).toContain('caught up at 9'));
    act.signals.emit('SIGINT');
    expect(await act.exit).toBe(130);
  });

  it('does not wait for a server that never answered, nor argue with a refusal', async () => {
    expect((await played(['tail'], { env: { ACTA_URL: 'http://127.0.0.1:9' } })).exit).toBe(10);
    answer = (_, response) => problem(response, 403, 'insufficient_scope');
    expect((await played(['tail'], { env: env() })).exit).toBe(4);
    answer = (_, response) => {
      sse(response)('bye', { reason: 'auth', retry_ms: 1 });
      response.end();
    };
    expect((await played(['tail'], { env: env() })).exit).toBe(4);
    expect(server.asked).toHaveLength(2);
  });

  it('finds where to begin for what happened since then', async () => {
    const recorded_at = (ago: number): string => new Date(Date.now() - ago * 60_000).toISOString();
    answer = ({ path, query }, response) => {
      if (path === '/events/stream') return sse(response)('acta', event(1), '1');
      return query['cursor'] === undefined
        ? json(response, { data: [{ position: '20', recorded_at: recorded_at(1) }], page: { next: 'older' } })
        : json(response, { data: [{ position: '10', recorded_at: recorded_at(9) }], page: { next: null } });
    };
    await played(['tail', '--since', '5m', '--limit', '1'], { env: env() });
    expect(server.asked.at(-1)?.query).toEqual({ from_position: '10' });
    await played(['tail', '--since', '1d', '--limit', '1'], { env: env() });
    expect(server.asked.at(-1)?.query).toEqual({});
  });

  it('understands times that passed and instants, and nothing else', () => {
    expect([instantOf('90s', 100_000), instantOf('2h', 7_200_000), instantOf('1970-01-01T00:00:01Z', 0)]).toEqual([
      10_000, 0, 1_000,
    ]);
    expect(() => instantOf('yesterday-ish', 0)).toThrow('--since is 5m');
  });
});
