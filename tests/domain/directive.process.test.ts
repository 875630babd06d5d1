import fc from 'fast-check';
import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import type { DirectiveCommand } from '../../src/domain/directive/directive.commands.ts';
import type { DirectiveEvent } from '../../src/domain/directive/directive.events.ts';
import { directiveProcess } from '../../src/domain/directive/directive.process.ts';
import { fold } from '../../src/domain/kernel/decider.ts';
import { derived } from '../../src/domain/kernel/ids.ts';
import { content, draft, propose } from './directive.story.ts';
import { asking, at, denying, directive_id, faulty, found, ok, run_id, step } from './run.story.ts';

const { decide, next, outcome, initial, done } = directiveProcess;

const needs = { a: found({}, { active: asking }) };
const denied = { a: found({}, { active: denying }) };
const ended = (n: number, ending: 'granted' | 'denied'): DirectiveCommand => ({
  type: 'RecordDirectiveApproval',
  approval_id: derived('approval', directive_id, 'a', n),
  ending,
  reason: '',
  at: at(n),
});
const amended = (materials: typeof needs): DirectiveCommand => ({
  type: 'AmendDirective',
  step_id: 'a',
  args: { path: 'b' },
  by: 'user:ola',
  reason: '',
  materials,
  at: at(),
});
const said = fc.constantFrom<DirectiveCommand>(
  draft(null),
  draft(needs),
  draft({ a: found(), b: found() }, content([step('a'), step('b')])),
  propose(),
  propose(needs),
  propose(denied),
  amended(needs),
  amended(denied),
  ...[1, 2, 3].flatMap((n) => [ended(n, 'granted'), ended(n, 'granted'), ended(n, 'denied')]),
  { type: 'BlockDirective', reason: '', at: at() },
);
/** What somebody says, or, where it is null, an effect that ends well or badly. */
const path = fc.array(fc.tuple(fc.option(said, { freq: 3 }), fc.boolean()), { maxLength: 25 });

interface Ending {
  readonly key: string;
  readonly events: readonly DirectiveEvent[];
}

const walked = (way: readonly (readonly [DirectiveCommand | null, boolean])[]) => {
  let state = initial;
  const history: DirectiveEvent[] = [];
  const endings: Ending[] = [];
  for (const [command, well] of way) {
    const [effect] = next(state);
    if (command === null && effect === undefined) continue;
    const end = well ? ok({ run_id }) : faulty('internal');
    const decision = decide(command ?? outcome(effect!, end, state), state);
    const events = E.isRight(decision) ? decision.right : [];
    if (command === null) endings.push({ key: effect!.key, events });
    history.push(...events);
    state = fold(directiveProcess, state, events);
  }
  return { state, history, endings };
};
const always = (law: (walk: ReturnType<typeof walked>) => void): void =>
  fc.assert(
    fc.property(path, (way) => law(walked(way))),
    { numRuns: 300 },
  );

describe('the process of a directive', () => {
  it('wants one run where it has passed the gate, and nothing anywhere else', () => {
    always(({ state }) => {
      expect(next(state)).toHaveLength(state.phase === 'approved' ? 1 : 0);
      expect(done(state)).toBe(state.phase !== 'approved');
    });
  });

  it('can record every end of what it wants', () => {
    let seen = 0;
    always(({ endings }) => {
      seen += endings.length;
      for (const { events } of endings) expect(events.length).toBeGreaterThan(0);
    });
    expect(seen).toBeGreaterThan(0);
  });

  it('wants the same after a crash, from the log alone', () => {
    always(({ state, history }) => {
      const again = fold(directiveProcess, initial, JSON.parse(JSON.stringify(history)) as DirectiveEvent[]);
      expect(next(again)).toEqual(next(state));
    });
  });

  it('is executed once, and only where nothing was denied and whoever was asked agreed to those very arguments', () => {
    let executed = 0;
    always(({ history, state }) => {
      const dispatches = history.filter(({ type }) => type === 'DirectiveDispatched');
      expect(dispatches.length).toBeLessThanOrEqual(1);
      if (dispatches.length === 0) return;
      executed += 1;
      const judged = history.findLast((event) => event.type === 'DirectiveJudged');
      const approved = history.findLast((event) => event.type === 'DirectiveApproved');
      expect(judged?.data.decision).not.toBe('deny');
      if (judged?.data.decision !== 'require_approval') return;
      const asked = history.findLast((event) => event.type === 'DirectiveApprovalRequested');
      expect(approved?.data.approval_id).toBe(asked?.data.approval_id);
      expect(state.asked?.action.action_digest).toBe(asked?.data.action.action_digest);
    });
    expect(executed).toBeGreaterThan(0);
  });

  it('asks for each approval under an id of its own', () => {
    always(({ history }) => {
      const ids = history.flatMap((event) =>
        event.type === 'DirectiveApprovalRequested' ? [event.data.approval_id] : [],
      );
      expect(new Set(ids).size).toBe(ids.length);
    });
  });

  it('dispatches another round under another key and run id than the one that could not be dispatched', () => {
    const ids = walked([
      [draft(), true],
      [null, false],
      [propose(), true],
    ]);
    expect(next(ids.state)[0]?.key).not.toBe(ids.endings[0]?.key);
  });
});
