import { EventEmitter } from 'node:events';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { interrupts } from '../../src/adapters/cli/terminal/interrupts.ts';
import { json, play, played, problem, standIn, type Answer } from './stage.ts';

const operation_id = '0198d7a0-0000-7000-8000-000000000009';
const work = (status: string, done: number, more: object = {}): object => ({
  operation_id,
  target: 'agents',
  status,
  progress: { phase: 'replaying', done, total: 1_000, events: done, events_per_second: 9_430, eta_ms: 32_000 },
  ...more,
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

const env = (more: Record<string, string> = {}): Record<string, string> => ({ ACTA_URL: server.url, ...more });

/** Answers the start of a rebuild, then one after the other of these, the last again and again. */
const going = (...looks: readonly (object | 'lost')[]): Answer => {
  let look = 0;
  return ({ method }, response) => {
    if (method === 'POST') return json(response, { operation_id, status: 'running' }, 202);
    if (method === 'DELETE') return json(response, work('running', 0, { cancel_requested: true }), 202);
    const now = looks[Math.min(look, looks.length - 1)] ?? {};
    look += 1;
    return now === 'lost' ? void response.destroy() : json(response, now);
  };
};

describe('a rebuild', () => {
  it('is followed to its end, with a line for every step off a screen', async () => {
    answer = going(work('running', 100), work('running', 100), work('running', 550), work('succeeded', 1_000));
    const { exit, out, err } = await played(['projections', 'rebuild', 'agents'], { env: env() });
    expect(exit).toBe(0);
    expect(server.asked[0]).toMatchObject({ method: 'POST', path: '/projections/agents/rebuild' });
    expect(server.asked[1]).toMatchObject({ method: 'GET', path: `/operations/${operation_id}` });
    expect(out).toMatch(/status +succeeded/);
    const lines = err.split('\n').filter((line) => line.includes('replaying'));
    expect(lines.map((line) => /(\d+%) (\S+)/.exec(line)?.slice(1))).toEqual([
      ['10%', '100/1000'],
      ['55%', '550/1000'],
      ['100%', '1000/1000'],
    ]);
    expect(lines[0]).toMatch(/^\d{4}-\d\d-\d\dT\S+Z agents replaying 10% 100\/1000 9430 ev\/s eta 32 s$/);
  });

  it('is one line on a screen, redrawn, with warnings above it and repeated at the end', async () => {
    const warnings = ['3 events parked'];
    answer = going(work('running', 710), work('running', 720, { warnings }), work('succeeded', 1_000, { warnings }));
    const { err } = await played(['projections', 'rebuild', 'agents'], { env: env(), screen: true });
    expect(err).toContain('\r\u001b[2Kreplaying  ███████████████████░░░░░░░░░  71 %  710/1 000  9 430 ev/s  ETA 32 s');
    expect(err).toContain('\r\u001b[2K! 3 events parked\n\r\u001b[2Kreplaying');
    expect(err.trimEnd().endsWith('1 warnings; the first: 3 events parked')).toBe(true);
    expect(err).toContain('\r\u001b[2K1 warnings');
  });

  it('tells its progress as JSON lines beside a JSON result', async () => {
    answer = going(work('running', 100), work('succeeded', 1_000));
    const { out, err } = await played(['projections', 'rebuild', 'agents', '--json', '--quiet'], {
      env: env({ ACTA_PROGRESS: 'json' }),
    });
    expect(JSON.parse(out)).toMatchObject({ operation_id, status: 'succeeded' });
    expect(
      err
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual([
      {
        event: 'progress',
        operation_id,
        name: 'agents',
        phase: 'replaying',
        done: 100,
        total: 1_000,
        per_second: 9_430,
        eta_ms: 32_000,
      },
      {
        event: 'progress',
        operation_id,
        name: 'agents',
        phase: 'replaying',
        done: 1_000,
        total: 1_000,
        per_second: 9_430,
        eta_ms: 32_000,
      },
    ]);
  });

  it('fails as it failed', async () => {
    answer = going(work('failed', 10, { error: 'a poison event at position 7' }));
    expect(await played(['projections', 'rebuild', 'agents'], { env: env() })).toMatchObject({
      exit: 1,
      err: expect.stringContaining('agents failed: a poison event at position 7'),
    });
    answer = (_, response) => problem(response, 409, 'operation_running');
    expect((await played(['projections', 'rebuild', 'agents'], { env: env() })).exit).toBe(5);
  });

  it('outlives a server that starts again', async () => {
    answer = going(work('running', 1), 'lost', 'lost', work('succeeded', 1_000));
    expect((await played(['operations', 'watch', operation_id], { env: env() })).exit).toBe(0);
  });

  it('is followed until it is ready where somebody else says when to swap', async () => {
    const ready = {
      operation_id,
      target: 'agents',
      status: 'running',
      progress: { phase: 'ready', done: 9, total: 9 },
    };
    answer = going(work('running', 100), ready);
    const { exit, err } = await played(['projections', 'rebuild', 'agents', '--swap', 'manual'], { env: env() });
    expect(exit).toBe(0);
    expect(server.asked[0]?.body).toEqual({ swap: 'manual' });
    expect(err).toContain(`acta operations swap ${operation_id}`);
  });

  it('may be started and left alone', async () => {
    answer = going();
    const { exit, out } = await played(['projections', 'rebuild', 'agents', '--no-wait'], { env: env() });
    expect({ exit, out, requests: server.asked.length }).toEqual({ exit: 0, out: `${operation_id}\n`, requests: 1 });
  });

  it('goes on when the watching is interrupted, and says how to watch it again', async () => {
    answer = going(work('running', 100));
    const act = play(['projections', 'rebuild', 'agents'], { env: env() });
    await vi.waitFor(() => expect(act.err()).toContain('10%'));
    act.signals.emit('SIGINT');
    expect(await act.exit).toBe(130);
    expect(act.err()).toContain(`hint: acta operations watch ${operation_id}`);
    expect(server.asked.some(({ method }) => method === 'DELETE')).toBe(false);
  });

  it('is cancelled by Ctrl-C when that was asked for', async () => {
    answer = going(work('running', 100));
    const act = play(['projections', 'rebuild', 'agents', '--cancel-on-interrupt'], { env: env() });
    await vi.waitFor(() => expect(act.err()).toContain('10%'));
    act.signals.emit('SIGINT');
    expect(await act.exit).toBe(130);
    expect(server.asked.at(-1)).toMatchObject({ method: 'DELETE', path: `/operations/${operation_id}` });
  });
});

describe('a Ctrl-C', () => {
  it('is polite once, leaves the second time, and is not taken for two when it arrives twice', () => {
    let time = 0;
    const source = new EventEmitter();
    const { once, twice, stop } = interrupts(source, () => time);
    source.emit('SIGINT');
    expect([once.aborted, twice.aborted]).toEqual([true, false]);
    // npm and the terminal each pass on the same key stroke.
    time = 5;
    source.emit('SIGINT');
    expect(twice.aborted).toBe(false);
    time = 900;
    source.emit('SIGINT');
    expect(twice.aborted).toBe(true);
    stop();
    expect(source.listenerCount('SIGINT') + source.listenerCount('SIGTERM')).toBe(0);
  });
});
