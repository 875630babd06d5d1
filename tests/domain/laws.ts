import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { catalogue } from '../../src/domain/catalogue.ts';
import { fold, type Decider } from '../../src/domain/kernel/decider.ts';
import type { Event } from '../../src/domain/kernel/event.ts';
import type { Lifecycle } from '../../src/domain/kernel/lifecycle.ts';

type Command = { readonly type: string };
/** A decider, and anything that it may be asked. */
export interface Subject {
  readonly noun: string;
  readonly decider: Decider<Command, { readonly phase: string }, Event, { readonly reason: string }>;
  readonly life: Lifecycle<string, string>;
  readonly command: fc.Arbitrary<Command>;
  /** Done once, these have nothing left to do. */
  readonly settling: readonly string[];
}

const anywhere = {
  id: '00000000-0000-4000-8000-000000000000',
  stream: 'golden',
  revision: 0,
  position: 0n,
  recorded_at: '2026-11-21T12:00:00.000Z',
};
const golden = new URL('../golden/events/', import.meta.url);
const recorded: readonly Event[] = readdirSync(golden).map((file) => {
  const [, type = '', version = ''] = /^(\w+)\.v(\d+)\.json$/.exec(file) ?? [];
  const data = JSON.parse(readFileSync(new URL(file, golden), 'utf8')) as unknown;
  const read = catalogue.read({ ...anywhere, type, data, metadata: { version } });
  if (E.isLeft(read)) throw new Error(`${file}: ${read.left.reason}`);
  return read.right;
});

/** Runs commands, and hands what each of them came to. */
const run = (
  { decider }: Subject,
  commands: readonly Command[],
  look: (command: Command, before: { readonly phase: string }, events: readonly Event[] | 'refused') => void = () => {},
): readonly Event[] => {
  const history: Event[] = [];
  let state = decider.initial;
  for (const command of commands) {
    const decision = decider.decide(command, state);
    look(command, state, E.isLeft(decision) ? 'refused' : decision.right);
    if (E.isLeft(decision)) continue;
    history.push(...decision.right);
    state = fold(decider, state, decision.right);
  }
  return history;
};

/** What holds for every decider, whatever it is asked. */
export const holdToItsLaws = (subjects: readonly Subject[]): void => {
  describe.each(subjects)('the $noun, whatever it is asked', (subject) => {
    const { decider, life, command, settling } = subject;
    const commands = fc.array(command, { maxLength: 40 });
    const all = (law: (commands: readonly Command[]) => unknown): void =>
      fc.assert(
        fc.property(commands, (asked) => {
          law(asked);
        }),
      );

    it('records only steps that its machine has, and its phase is the one the machine says', () => {
      all((asked) =>
        run(subject, asked, (_, { phase }, events) => {
          if (events === 'refused') return;
          let at = phase;
          for (const { type } of events) {
            expect(life.steps(at)).toContain(type);
            at = life.next(at, type) ?? at;
          }
        }),
      );
    });
    it('records nothing more once it is final', () => {
      all((asked) =>
        run(subject, asked, (_, { phase }, events) => {
          if (life.final(phase)) expect(events === 'refused' || events.length === 0).toBe(true);
        }),
      );
    });
    it('records only what its own schemas take', () => {
      all((asked) => {
        for (const event of run(subject, asked)) expect(() => catalogue.versionOf(event)).not.toThrow();
      });
    });
    it('records nothing the second time where a command settles a matter', () => {
      fc.assert(
        fc.property(commands, command, (asked, last) => {
          if (!settling.includes(last.type)) return;
          const state = fold(decider, decider.initial, run(subject, asked));
          const once = decider.decide(last, state);
          if (E.isLeft(once)) return;
          expect(decider.decide(last, fold(decider, state, once.right))).toEqual(E.right([]));
        }),
      );
    });
    it('knows after a whole history what it knows after its parts', () => {
      fc.assert(
        fc.property(commands, fc.nat(), (asked, cut) => {
          const history = run(subject, asked);
          const at = history.length === 0 ? 0 : cut % history.length;
          const parts = fold(decider, fold(decider, decider.initial, history.slice(0, at)), history.slice(at));
          expect(parts).toEqual(fold(decider, decider.initial, history));
        }),
      );
    });
    it('folds any history without an error, in any order, with the events of others in between', () => {
      fc.assert(
        fc.property(fc.array(fc.constantFrom(...recorded), { maxLength: 40 }), command, (history, asked) => {
          const state = fold(decider, decider.initial, history);
          expect(life.phases).toContain(state.phase);
          expect(() => decider.decide(asked, state)).not.toThrow();
        }),
      );
    });
  });
};
