import type { StoredEvent } from '../../../src/ports.ts';
import type { History } from './history.ts';

export type Data = Readonly<Record<string, unknown>>;
export const dataOf = ({ data }: StoredEvent): Data => data as Data;
export const textOf = (event: StoredEvent, name: string): string => String(dataOf(event)[name]);

/** A step of a run, by which events name it. */
export const stepOf = (event: StoredEvent): string => `${textOf(event, 'run_id')}/${textOf(event, 'step_id')}`;

/** The events of one stream, so far. */
export const streamOf = ({ streams }: History, stream: string): readonly StoredEvent[] => streams.get(stream) ?? [];

/** Of one step, in its run's stream. */
export const ofStep = (sofar: History, event: StoredEvent, ...types: readonly string[]): readonly StoredEvent[] =>
  streamOf(sofar, event.stream).filter(
    (each) => types.includes(each.type) && dataOf(each)['step_id'] === dataOf(event)['step_id'],
  );

interface Held {
  readonly position: bigint;
  readonly value: string;
}

/** How something stood, at every position of the log. */
export const standing = (initial: string) => {
  const changes: Held[] = [{ position: -1n, value: initial }];
  return {
    set: (position: bigint, value: string): void => void changes.push({ position, value }),
    now: (): string => changes.at(-1)?.value ?? initial,
    /** Every value it had from a position on: whoever looked since then saw one of them. */
    since: (position: bigint): readonly string[] => {
      const first = changes.findLastIndex((change) => change.position <= position);
      return changes.slice(Math.max(0, first)).map(({ value }) => value);
    },
  };
};
/** Remembers by a name what each begins as. */
export const known = <T>(fresh: () => T) => {
  const all = new Map<string, T>();
  return {
    all,
    of: (name: string): T => {
      const found = all.get(name) ?? fresh();
      all.set(name, found);
      return found;
    },
  };
};

const before = new Set([
  'StepClearanceLapsed',
  'StepAmended',
  'StepApprovalEnded',
  'StepRetryDue',
  'StepOutcomeResolved',
]);

/**
 * The last event without which nobody could have asked the gate about this step: what is recorded now of its answer was
 * read after that.
 */
export const askedAfter = (sofar: History, event: StoredEvent): bigint => {
  const step_id = dataOf(event)['step_id'];
  const events = streamOf(sofar, event.stream);
  const plan = (dataOf(events[0] as StoredEvent)['plan'] ?? { steps: [] }) as {
    readonly steps: readonly { readonly step_id: string; readonly depends_on: readonly string[] }[];
  };
  const depends = new Set(plan.steps.find((step) => step.step_id === step_id)?.depends_on);
  const last = events.findLast(
    (each) =>
      each.type === 'RunCreated' ||
      each.type === 'RunResumed' ||
      each.type === 'RollbackStarted' ||
      (before.has(each.type) && dataOf(each)['step_id'] === step_id) ||
      (each.type === 'StepSucceeded' && depends.has(textOf(each, 'step_id'))),
  );
  return last?.position ?? -1n;
};
