import fc from 'fast-check';
import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { fold } from '../../src/domain/kernel/decider.ts';
import { effectivenessOf } from '../../src/domain/procedure/procedure.state.ts';
import {
  workingMemory,
  type WorkingMemoryCommand,
  type WorkingMemoryState,
} from '../../src/domain/working-memory/working-memory.decider.ts';
import { itemsMax, threadsMax } from '../../src/domain/working-memory/working-memory.events.ts';
import { isSame, withLoaded } from '../../src/domain/working-memory/working-memory.state.ts';
import { at, id, itemOf } from '../support/memory.ts';

const focus: WorkingMemoryCommand = {
  ...{ type: 'FocusWorkingMemory', session_id: id(1), agent_id: id(9), task: 'lamps', frame: null, at },
};
const load = (...items: ReturnType<typeof itemOf>[]): WorkingMemoryCommand => ({ type: 'LoadItems', items });
const thread = (description: string): WorkingMemoryCommand => ({
  ...{ type: 'OpenThread', description, decision_id: null, priority: 'medium' },
});
const after = (...commands: readonly WorkingMemoryCommand[]) => {
  let state: WorkingMemoryState = workingMemory.initial;
  let last: ReturnType<typeof workingMemory.decide> = E.right([]);
  for (const command of commands) {
    last = workingMemory.decide(command, state);
    if (E.isRight(last)) state = fold(workingMemory, state, last.right);
  }
  return { state, events: E.isRight(last) ? last.right : [], refusal: E.isLeft(last) ? last.left : undefined };
};
const full = Array.from({ length: itemsMax }, (_, n) => itemOf(n + 1, 0.5, `2026-11-21T12:00:${10 + n}.000Z`));

describe('a working memory', () => {
  it('begins with a focus, and ends when it is cleared (N96)', () => {
    expect(after(load(itemOf(1, 1))).refusal).toEqual({ reason: 'WorkingMemoryAbsent' });
    const clear: WorkingMemoryCommand = { type: 'ClearWorkingMemory' };
    expect(after(focus, load(itemOf(1, 1)), clear).state).toMatchObject({ phase: 'absent', items: [], task: null });
    expect(after(focus, clear, focus).state.phase).toBe('focused');
  });

  it('holds twenty, and lets go of the least relevant, of those of the one that came first', () => {
    const { events, state } = after(focus, load(...full), load(itemOf(40, 0.1)));
    expect(events).toMatchObject([{ data: { evicted: [{ ref_id: id(1) }] } }]);
    expect(state.items).toHaveLength(itemsMax);
    const lesser = [...full.slice(0, 7), itemOf(8, 0.4), ...full.slice(8)];
    expect(after(focus, load(...lesser), load(itemOf(40, 1))).events).toMatchObject([
      { data: { evicted: [{ ref_id: id(8) }] } },
    ]);
  });

  it('takes the same thing again in its own place', () => {
    expect(after(focus, load(...full), load(itemOf(3, 0.9))).events).toMatchObject([{ data: { evicted: [] } }]);
    expect(after(focus, load(...full), load(itemOf(3, 0.9))).state.items).toHaveLength(itemsMax);
  });

  it('holds what loading one after the other holds, however many come at once', () => {
    const item = fc
      .tuple(fc.integer({ min: 1, max: 60 }), fc.constantFrom(0, 0.3, 0.7, 1))
      .map(([n, r]) => itemOf(n, r));
    const refs = (items: readonly { readonly ref_id: string }[]) => items.map(({ ref_id }) => ref_id).toSorted();
    fc.assert(
      fc.property(fc.array(item, { maxLength: 60 }), fc.array(item, { maxLength: 60 }), (first, second) => {
        const { items } = after(focus, load(...first), load(...second)).state;
        const held = withLoaded(withLoaded([], first), second);
        expect(refs(items)).toEqual(refs(held));
        expect(items.length).toBeLessThanOrEqual(itemsMax);
        expect(items.every((a, n) => items.findIndex((b) => isSame(a, b)) === n)).toBe(true);
      }),
    );
  });

  it('resolves threads by what they contain, whatever the case, and holds no more than it may', () => {
    const { state } = after(focus, thread('Ask the packer'), thread('weigh it'), {
      type: 'ResolveThread',
      text: 'PACK',
    });
    expect(state.threads.map(({ description }) => description)).toEqual(['weigh it']);
    const many = Array.from({ length: threadsMax + 1 }, (_, n) => thread(`thread ${n}`));
    expect(after(focus, ...many).refusal).toEqual({ reason: 'TooManyThreads', threads_max: threadsMax });
  });
});

describe('the effectiveness of a procedure', () => {
  it.each([
    [0, 0, 0.5, null],
    [1, 0, 2 / 3, 1],
    [0, 1, 1 / 3, 0],
    [8, 2, 0.75, 0.8],
  ])(
    'after %d successes and %d failures is %d, counted %s (N84)',
    (successes, failures, effectiveness, success_share) => {
      expect(effectivenessOf({ successes, failures })).toEqual({ effectiveness, success_share });
    },
  );
});
