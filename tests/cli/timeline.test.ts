import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { axisOf } from '../../src/adapters/cli/timeline/axis.ts';
import { json, played, standIn } from './stage.ts';

const run_id = '0198d7a0-0000-7000-8000-000000000017';
const hourMs = 3_600_000;
const from = Date.parse('2026-11-21T09:00:00.000Z');
const at = (ms: number): string => new Date(from + ms).toISOString();

const span = (id: string, parent: string | null, kind: string, label: string, more: object = {}) => ({
  id,
  parent,
  kind,
  label,
  start: at(0),
  end: null,
  status: null,
  attempt: null,
  cost: null,
  event_ids: [],
  ...more,
});

/** A call that failed, a pause for a person of two hours, and a call that still lasts. */
const timeline = {
  run_id,
  spans: [
    span(run_id, null, 'run', 'run', { status: 'running' }),
    span('pay', run_id, 'step', 'payments.refund'),
    span('pay:1', 'pay', 'verdict', 'payments.refund', { end: at(0), status: 'require_approval', attempt: 1 }),
    span('pay:2', 'pay', 'call', 'payments.refund', { end: at(5_000), status: 'failed', attempt: 1 }),
    span('pay:3', 'pay', 'approval', 'Refund\u202e it', { start: at(5_000), end: at(2 * hourMs), status: 'granted' }),
    span('pay:4', 'pay', 'call', 'payments.refund', { start: at(2 * hourMs), attempt: 2 }),
    span('note', run_id, 'step', 'notes.add', { start: null, status: 'waiting' }),
  ],
  segments: [
    { kind: 'active' as const, from: at(0), to: at(5_000) },
    { kind: 'idle' as const, from: at(5_000), to: at(2 * hourMs) },
    { kind: 'active' as const, from: at(2 * hourMs), to: null },
  ],
  truncated: { applied: 5_000, more: false },
};

let server: Awaited<ReturnType<typeof standIn>>;
beforeAll(async () => {
  server = await standIn((_, response) => json(response, timeline));
  vi.spyOn(Date, 'now').mockReturnValue(from + 2 * hourMs + 5_000);
});
afterEach(() => {
  server.asked.length = 0;
});
afterAll(async () => {
  vi.restoreAllMocks();
  await server.close();
});

const asked = (...flags: readonly string[]): ReturnType<typeof played> =>
  played(['runs', 'timeline', run_id, ...flags], { env: { ACTA_URL: server.url }, screen: true, columns: 100 });

describe('the timeline of a run', () => {
  it('is a line for each span, with its shape, its place and its length', async () => {
    const { exit, out } = await asked('--no-color');
    expect(exit).toBe(0);
    expect(out).toBe(`run 0198d7a0-0000-7000-8000-000000000017
active 10 s of 2 h; waiting is folded at ┊
➤ run                             ───────────────┊───────────────        2 h  running
├ ■ payments.refund               ───────────────┊───────────────        2 h  lasts
│ ├ ◇ verdict: payments.refund    ◇              ┊                            require_approval
│ ├ ✖ payments.refund             ███████████████┊                     5.0 s  failed
│ ├ ◎ approval: Refund⟦U+202E⟧ it               ░┊░░                1 h 59 m  granted
│ └ ■ payments.refund                            ┊ ██████████████      5.0 s  lasts, attempt 2
└ ■ notes.add                                    ┊                            waiting
`);
  });

  it('is for programs what the server said', async () => {
    expect(JSON.parse((await asked('--json')).out)).toEqual(timeline);
  });
});

describe('an axis', () => {
  it('gives two short bursts with two hours between them most of the lane', () => {
    const { at: place, folds, active_ms } = axisOf(timeline.segments, 100, from + 2 * hourMs + 5_000);
    const first = place(from + 5_000 - 1);
    const second = 100 - place(from + 2 * hourMs);
    expect(first + second).toBeGreaterThan(80);
    expect(folds).toHaveLength(1);
    expect(active_ms).toBe(10_000);
  });

  it('has a place for every instant, also where nothing was under way or nothing has happened', () => {
    const idle = axisOf([{ kind: 'idle', from: at(0), to: at(1_000) }], 10, from);
    expect([idle.at(from - 1), idle.at(from + 500), idle.at(from + 9_999)]).toEqual([0, 5, 9]);
    expect(axisOf([], 10, from).at(from)).toBe(0);
    const many = Array.from({ length: 1_000 }, (_, index) => ({
      kind: index % 2 === 0 ? ('active' as const) : ('idle' as const),
      from: at(index),
      to: at(index + 1),
    }));
    expect(axisOf(many, 10, from).at(from + 1_000)).toBe(9);
  });
});
