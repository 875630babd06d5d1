import type { StoredEvent } from '../../../src/ports.ts';
import { nothing, type History, type InvariantOf } from './history.ts';
import { dataOf, known, ofStep, stepOf, textOf } from './run.fold.ts';

const landings = new Set(['StepSucceeded', 'StepRetryScheduled', 'StepOutcomeUnknown']);

/** A result without a call: a person's word, or what a person has said of a call. */
const byPerson = (event: StoredEvent, sofar: History): boolean => {
  const last = ofStep(sofar, event, 'StepApprovalEnded', 'StepOutcomeResolved', 'StepIntended', 'StepSucceeded').at(-1);
  return (
    last?.type === 'StepOutcomeResolved' ||
    (last?.type === 'StepApprovalEnded' &&
      dataOf(last)['ending'] === 'granted' &&
      ofStep(sofar, event, 'StepJudged').length === 0)
  );
};

/** I2: an intent has one outcome, no outcome is without an intent, and a key never changes between attempts. */
export const oneOutcome: InvariantOf = () => {
  const open = new Map<string, number>();
  const keys = new Map<string, string>();
  const undone = new Map<string, 'intended' | 'over'>();
  return {
    id: 'I2',
    check: (event, sofar) => {
      if (!event.stream.startsWith('run-')) return undefined;
      const step = stepOf(event);
      const attempt = Number(dataOf(event)['attempt']);
      if (event.type === 'StepIntended') {
        if (open.has(step)) return `${step}: attempt ${attempt} is intended before ${open.get(step)} has ended`;
        open.set(step, attempt);
        const key = textOf(event, 'key');
        if ((keys.get(step) ?? key) !== key) return `${step}: attempt ${attempt} has another key than the one before`;
        keys.set(step, key);
      } else if (landings.has(event.type) || event.type === 'StepFailed') {
        const of = open.get(step);
        if (of !== undefined && of !== attempt) return `${step}: attempt ${attempt} ends, and ${of} is under way`;
        if (of === undefined && landings.has(event.type) && !byPerson(event, sofar))
          return `${step}: attempt ${attempt} ends as ${event.type}, and was not intended`;
        open.delete(step);
      } else if (event.type === 'UndoIntended') {
        if (undone.has(step)) return `${step} is to be undone twice`;
        undone.set(step, 'intended');
      } else if (event.type === 'UndoSucceeded' || event.type === 'UndoFailed') {
        // What nothing undoes, or what the gate denies, fails before anything was called.
        const uncalled = event.type === 'UndoFailed' && undone.get(step) === undefined;
        if (!uncalled && undone.get(step) !== 'intended')
          return `${step}: ${event.type}, and it is ${undone.get(step) ?? 'not intended'}`;
        undone.set(step, 'over');
      }
      return undefined;
    },
    atEnd: nothing,
  };
};

/** I3: every call has its intent on record first; what knows no key is called once for an intent. */
export const calledAsIntended: InvariantOf = () => ({
  id: 'I3',
  check: (event, sofar) => {
    if (event.type !== 'StepIntended' || dataOf(event)['effect_class'] !== 'unkeyed') return undefined;
    const said = ofStep(sofar, event, 'StepIntended', 'StepOutcomeResolved').at(-1);
    const since = said?.position ?? -1n;
    const called = sofar.ledger.some(({ key, after }) => key === dataOf(event)['key'] && after >= since);
    return called && said?.type !== 'StepOutcomeResolved'
      ? `${stepOf(event)} was done, knows no key, and is intended again although nobody said so`
      : undefined;
  },
  atEnd: ({ events, ledger }) => {
    const intents = new Map<string, bigint[]>();
    for (const event of events)
      if (event.type === 'StepIntended' || event.type === 'UndoIntended') {
        const key = textOf(event, 'key');
        intents.set(key, [...(intents.get(key) ?? []), event.position]);
      }
    // A call that was held up on its way arrives after one that was sent later.
    const asSent = ledger.toSorted((one, other) => one.moment - other.moment);
    const calls = new Map<string, Set<string>>();
    const applied = new Map<string, number>();
    for (const { key, what, effect_class, after, node, generation, moment, applied: did } of asSent) {
      if (!what.includes('sim.')) continue;
      const before = (intents.get(key) ?? []).filter((position) => position <= after).length;
      if (before === 0) return `${what} was called under ${key}, and nobody had intended it`;
      if (did && effect_class === 'keyed') applied.set(key, (applied.get(key) ?? 0) + 1);
      if ((applied.get(key) ?? 0) > 1) return `${what} was done twice under ${key}`;
      if (effect_class !== 'unkeyed') continue;
      // A transport that does a call twice by itself is the world's doing.
      const made = (calls.get(key) ?? new Set()).add(`${node}.${generation}.${moment}`);
      calls.set(key, made);
      if (made.size > before) return `${what} was called ${made.size} times under ${key}, for ${before} intents`;
    }
    return undefined;
  },
});

/** I4: what succeeded is undone in the exact reverse order, each once, and nothing begins after that. */
export const undoneInReverse: InvariantOf = () => {
  const done = known((): string[] => []);
  const left = new Map<string, string[]>();
  return {
    id: 'I4',
    check: (event) => {
      const { stream, type } = event;
      if (!stream.startsWith('run-')) return undefined;
      const step_id = textOf(event, 'step_id');
      const rolling = left.get(stream);
      if (type === 'StepSucceeded' && dataOf(event)['undo'] !== null) done.of(stream).push(step_id);
      if (type === 'RollbackStarted') {
        const order = dataOf(event)['step_ids'] as readonly string[];
        const wanted = done.of(stream).toReversed();
        left.set(stream, [...order]);
        if (order.join() !== wanted.join()) return `${stream} undoes ${order.join()}, and did ${wanted.join()}`;
      }
      if (rolling === undefined) return undefined;
      if (type === 'StepSucceeded' || type === 'StepIntended') return `${stream}: ${type} while it is undone`;
      if (type === 'UndoIntended' && rolling[0] !== step_id)
        return `${stream}: ${step_id} is undone, and ${rolling[0]} is next`;
      if (type === 'UndoSucceeded' || type === 'UndoFailed') {
        if (rolling[0] !== step_id) return `${stream}: ${step_id} was undone, and ${rolling[0]} was next`;
        rolling.shift();
      }
      if ((type === 'RunFailed' || type === 'RunCanceled') && rolling.length > 0)
        return `${stream} ends, and ${rolling.join()} is not undone`;
      return undefined;
    },
    atEnd: nothing,
  };
};
