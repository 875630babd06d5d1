import type { Json } from './client.ts';
import type { Entry } from './ledger.ts';

/** A directive as the log has it: its own stream, and its run's where it had one. */
export interface Told {
  readonly name: string;
  readonly directive: readonly Json[];
  readonly run: readonly Json[];
}

const ofType = (events: readonly Json[], ...types: readonly string[]): readonly Json[] =>
  events.filter(({ type }) => types.includes(type));
const runOver = ['RunCompleted', 'RunFailed', 'RunCanceled'];

/** Ends: once, and the directive hears of it. */
const endsOf = ({ name, directive, run }: Told): readonly string[] => {
  const ends = ofType(directive, 'DirectiveCompleted', 'DirectiveAborted', 'DirectiveBlocked').length;
  const broken = ends === 1 ? [] : [`${name}: the directive ended ${ends} times`];
  if (ofType(directive, 'DirectiveDispatched').length === 0) return broken;
  const runEnds = ofType(run, ...runOver).length;
  return runEnds === 1 ? broken : [...broken, `${name}: its run ended ${runEnds} times`];
};

/** Every end of a call has its intent before it, every intent its verdict, and every approval that was asked for its grant. */
const intentsOf = ({ name, run }: Told): readonly string[] => {
  const broken: string[] = [];
  const intended = new Set<string>();
  const judged = new Set<string>();
  for (const { type, data } of run) {
    const call = `${data.step_id}#${data.attempt}`;
    if (type === 'StepJudged') judged.add(call);
    if (type === 'StepIntended') {
      if (!judged.has(call)) broken.push(`${name}.${call} was intended without a verdict`);
      intended.add(call);
    }
    const called = type === 'StepSucceeded' && data.result?.approved === undefined;
    if (called && !intended.has(call)) broken.push(`${name}.${call} succeeded without an intent`);
  }
  return broken;
};

/** What is undone is what succeeded, the last first, each once. */
const undoingOf = ({ name, run }: Told): readonly string[] => {
  const [rollback, ...more] = ofType(run, 'RollbackStarted');
  if (rollback === undefined) return [];
  const left = ofType(run, 'StepSucceeded').filter(({ data }) => data.undo !== null);
  const named = (events: readonly Json[]): string => events.map(({ data }) => data.step_id as string).join(', ');
  const reversed = named(left.toReversed());
  const undone = named(ofType(run, 'UndoSucceeded', 'UndoFailed'));
  const planned = (rollback.data.step_ids as readonly string[]).join(', ');
  const broken = more.length === 0 ? [] : [`${name}: rolled back more than once`];
  if (reversed !== planned) broken.push(`${name}: ${planned} is not the reverse of what succeeded`);
  if (reversed !== undone) broken.push(`${name}: undid ${undone}, which is not ${reversed}`);
  const failed = ofType(run, 'UndoFailed').map(({ data }) => `${data.step_id} (${data.code})`);
  return failed.length === 0 ? broken : [...broken, `${name}: could not undo ${failed.join(', ')}`];
};

const keyed: ReadonlySet<Entry['route']> = new Set(['keyed', 'undo']);

/** What reached the outside, against what the log says of it. */
const entriesOf = ({ name, run }: Told, entries: readonly Entry[]): readonly string[] => {
  const broken: string[] = [];
  const keys = new Map<string, string>();
  // Attempts of one call bear one key: the first intent is the one that must come before everything.
  for (const { data } of ofType(run, 'StepIntended', 'UndoIntended').toReversed()) keys.set(data.key, data.at);
  const compensated = new Set(ofType(run, 'UndoIntended').map(({ data }) => `${name}.${data.step_id}`));
  const intended = new Set(ofType(run, 'StepIntended').map(({ data }) => `${name}.${data.step_id}`));
  for (const { route, effect, key, at } of entries) {
    const there = route === 'compensation' ? compensated.has(effect) : intended.has(effect);
    const from = key === undefined ? undefined : keys.get(key);
    if (!there || (key !== undefined && from === undefined)) broken.push(`${effect}: ${route} without an intent`);
    if (from !== undefined && at < from) broken.push(`${effect}: ${route} before its intent`);
  }
  for (const effect of new Set(entries.map((entry) => `${entry.route} ${entry.effect}`))) {
    const [route, step] = [effect.split(' ')[0] as Entry['route'], effect.slice(effect.indexOf('.') + 1)];
    const calls = entries.filter((entry) => `${entry.route} ${entry.effect}` === effect);
    const applied = calls.filter((entry) => entry.applied).length;
    if (keyed.has(route) && applied > 1) broken.push(`${effect} was applied ${applied} times`);
    const retries = ofType(run, 'StepOutcomeResolved').filter(
      ({ data }) => data.step_id === step && data.answer === 'retry',
    ).length;
    if (route === 'unkeyed' && calls.length > 1 + retries)
      broken.push(`${effect} was called ${calls.length} times, and a person asked for ${retries} of them`);
  }
  const succeeded = ofType(run, 'StepSucceeded').filter(({ data }) => data.result?.effect !== 'by a person');
  for (const { data } of succeeded) {
    const { step_id } = data;
    if (
      ['pay', 'note', 'post', 'idem', 'put'].includes(step_id) &&
      !entries.some(({ effect, route }) => effect === `${name}.${step_id}` && route !== 'undo')
    )
      broken.push(`${name}.${step_id} succeeded, and nothing reached the ledger`);
  }
  return broken;
};

/** What does not fit between a directive's history and the ledger, in sentences. */
export const discrepancies = (told: Told, ledger: readonly Entry[]): readonly string[] => {
  const entries = ledger.filter(({ effect, route }) => effect.startsWith(`${told.name}.`) && route !== 'webhook');
  return [...endsOf(told), ...intentsOf(told), ...undoingOf(told), ...entriesOf(told, entries)];
};

/** What calls with reservations cost in all: what a budget over everything must have spent. */
export const costOf = (run: readonly Json[]): number =>
  ofType(run, 'StepSucceeded', 'StepFailed', 'StepRetryScheduled', 'StepOutcomeUnknown')
    .filter(({ data }) => data.reservations.length > 0)
    .reduce((sum, { data }) => sum + data.cost_micros, 0);
