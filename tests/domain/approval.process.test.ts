import { describe, expect, it } from 'vitest';
import { approvalProcess } from '../../src/domain/approval/approval.process.ts';
import { announcementBackoff } from '../../src/domain/approval/approval.decider.ts';
import type { ApprovalEvent } from '../../src/domain/approval/approval.events.ts';
import { backoffMs } from '../../src/domain/kernel/backoff.ts';
import { fold } from '../../src/domain/kernel/decider.ts';
import * as E from 'fp-ts/lib/Either.js';
import type { Outcome } from '../../src/domain/kernel/process.ts';
import { approval_id, cast, granted, paper, requested, used } from './approval.story.ts';
import { at, ok } from './run.story.ts';

const { next, outcome, decide, initial, done } = approvalProcess;
const after = (...history: ApprovalEvent[]) => fold(approvalProcess, initial, history);
const failure = (retryable: boolean, retry_after_ms?: number): Outcome => ({
  ok: false,
  failure: { code: 'http_503', message: 'no', retryable, ...(retry_after_ms === undefined ? {} : { retry_after_ms }) },
  at: at(),
});

/** Announces, with these ends one after the other; what is left is told in the order in which it is wanted. */
const announced = (...ends: readonly Outcome[]) => {
  let state = after(requested({ webhook: true }));
  const keys: string[] = [];
  for (const end of ends) {
    const effect = next(state).find(({ key }) => !key.endsWith(':expiry'));
    if (effect === undefined) break;
    keys.push(effect.key.slice(approval_id.length + 1));
    const decision = decide(outcome(effect, effect.kind === 'wait' ? ok(null) : end, state), state);
    if (E.isLeft(decision)) throw new Error(decision.left.reason);
    state = fold(approvalProcess, state, decision.right);
  }
  return { state, keys, wants: next(state).map(({ key }) => key.slice(approval_id.length + 1)) };
};

describe('the clock of an approval', () => {
  it('runs until somebody has used it, or it has ended', () => {
    const wait = { kind: 'wait', key: `${approval_id}:expiry`, until: paper().expires_at };
    expect(next(after())).toEqual([]);
    expect(next(after(requested()))).toEqual([wait]);
    expect(next(after(requested(), cast('key:ola'), granted('key:ola')))).toEqual([wait]);
    const over = after(requested(), cast('key:ola'), granted('key:ola'), used);
    expect(next(over)).toEqual([]);
    expect(done(over)).toBe(true);
  });
  it('ends it', () => {
    const state = after(requested());
    const [wait] = next(state);
    const decision = decide(outcome(wait!, ok(null, 9), state), state);
    expect(decision).toMatchObject({ right: [{ type: 'ApprovalExpired', data: { at: at(9) } }] });
  });
});

describe('the announcement of an approval', () => {
  it('is made once, where somebody wants it', () => {
    expect(announced(ok(null))).toMatchObject({ keys: ['announce:1'], wants: ['expiry'] });
    expect(next(after(requested())).map(({ kind }) => kind)).toEqual(['wait']);
  });
  it('is made again after a pause, and so often at most', () => {
    const { keys, wants } = announced(...Array.from({ length: 40 }, () => failure(true)));
    expect(keys.slice(0, 3)).toEqual(['announce:1', 'pause:2', 'announce:2']);
    expect(keys.filter((key) => key.startsWith('announce'))).toHaveLength(announcementBackoff.attemptsMax);
    expect(wants).toEqual(['expiry']);
  });
  it('is made again for about a day', () => {
    const attempts = Array.from({ length: announcementBackoff.attemptsMax }, (_, n) => n + 1);
    const waits = attempts.map((attempt) => backoffMs(announcementBackoff, attempt, `${approval_id}:${attempt}`) ?? 0);
    const hours = waits.reduce((sum, wait) => sum + wait, 0) / 3_600_000;
    expect(hours).toBeGreaterThan(14);
    expect(hours).toBeLessThan(30);
  });
  it('is given up at once where trying again is of no use', () => {
    expect(announced(failure(false)).wants).toEqual(['expiry']);
  });
  it('waits as long as the other side asks', () => {
    const { state } = announced(failure(true, 60_000));
    expect(state.announcement).toEqual({ attempt: 1, retry_at: at(60_000), over: false });
  });
  it('stops when nobody has to decide any more', () => {
    const state = after(requested({ webhook: true }), cast('key:ola'), granted('key:ola'));
    expect(next(state).map(({ kind }) => kind)).toEqual(['wait']);
    expect(decide({ type: 'RecordAnnouncement', attempt: 1, outcome: ok(null) }, state)).toEqual(E.right([]));
    expect(decide({ type: 'AnnounceAgain' }, state)).toEqual(E.right([]));
  });
  it('is recorded once', () => {
    const { state } = announced(failure(true));
    expect(decide({ type: 'RecordAnnouncement', attempt: 1, outcome: ok(null) }, state)).toEqual(E.right([]));
    expect(decide({ type: 'AnnounceAgain' }, announced(ok(null)).state)).toEqual(E.right([]));
  });
});
