import type { StoredEvent } from '../../../src/ports.ts';
import type { History, InvariantOf } from './history.ts';
import { dataOf, streamOf, textOf } from './run.fold.ts';

const runEnds = new Set(['RunCompleted', 'RunFailed', 'RunCanceled']);
const approvalEnds = new Set([
  ...['ApprovalDenied', 'ApprovalExpired', 'ApprovalWithdrawn', 'ApprovalSuperseded', 'ApprovalInvalidated'],
  'ApprovalUsed',
]);

/** Somebody is asked, and can still answer. */
const isOpen = (sofar: History, approval_id: string): boolean => {
  const events = streamOf(sofar, `approval-${approval_id}`);
  return events.length > 0 && !events.some(({ type }) => type === 'ApprovalGranted' || approvalEnds.has(type));
};

/** Whom a run waits for: a person who paused it, was asked, or has to say what became of a call. */
const waitsFor = (sofar: History, events: readonly StoredEvent[]): string | undefined => {
  const paused = events.findLast(({ type }) => ['RunPaused', 'RunResumed', 'RunCancelRequested'].includes(type));
  if (paused?.type === 'RunPaused') return 'paused';
  const last = new Map<string, StoredEvent>();
  for (const event of events) if (event.type.startsWith('Step')) last.set(textOf(event, 'step_id'), event);
  for (const event of last.values()) {
    if (event.type === 'StepOutcomeUnknown') return 'outcome unknown';
    if (event.type === 'StepApprovalRequested' && isOpen(sofar, textOf(event, 'approval_id'))) return 'asked';
  }
  return undefined;
};

/** L1: after healing every directive and every run has come to its end, or waits visibly, and it says for what. */
export const everythingEnds: InvariantOf = () => {
  const runs = new Set<string>();
  const directives = new Set<string>();
  let seen: History | undefined;
  const restOf = (sofar: History): readonly string[] => {
    const left: string[] = [];
    for (const stream of runs) if (waitsFor(sofar, streamOf(sofar, stream)) === undefined) left.push(stream);
    for (const stream of directives) {
      const events = streamOf(sofar, stream);
      const last = events.at(-1);
      if (last === undefined || last.type === 'DirectiveDrafted' || last.type === 'DirectiveRevised') continue;
      if (last.type === 'DirectiveApprovalRequested' && isOpen(sofar, textOf(last, 'approval_id'))) continue;
      if (last.type === 'DirectiveDispatched' && runs.has(`run-${textOf(last, 'run_id')}`)) continue;
      left.push(stream);
    }
    return left;
  };
  return {
    id: 'L1',
    check: (event, sofar) => {
      seen = sofar;
      const { type, stream } = event;
      if (type === 'RunCreated') runs.add(stream);
      if (runEnds.has(type)) runs.delete(stream);
      if (type === 'DirectiveDrafted' || type === 'DirectiveProposed') directives.add(stream);
      if (['DirectiveCompleted', 'DirectiveAborted', 'DirectiveBlocked'].includes(type)) directives.delete(stream);
      return undefined;
    },
    pending: () => (seen === undefined ? 0 : restOf(seen).length),
    atEnd: (whole) => {
      const left = restOf(whole);
      const told = left.map((stream) => `${stream} after ${streamOf(whole, stream).at(-1)?.type}`);
      return left.length === 0 ? undefined : `neither ended nor waiting: ${told.join(', ')}`;
    },
  };
};

/** What is counted besides: that the rare ends are reached at all. */
export const sights: InvariantOf = (reach) => {
  let policies = 0;
  const undos = new Map<string, number>();
  return {
    id: 'sights',
    check: (event, sofar) => {
      const { type, stream } = event;
      if (type === 'StepOutcomeResolved') reach(`resolved.${textOf(event, 'answer')}`);
      if (type === 'StepFailed') reach(`failed.${textOf(event, 'code')}`);
      if (type === 'DirectiveBlocked') reach(`blocked.${textOf(event, 'code')}`);
      if (type === 'PolicyActivated') {
        policies += 1;
        const running = [...sofar.streams].some(
          ([name, events]) => name.startsWith('run-') && !events.some((each) => runEnds.has(each.type)),
        );
        if (policies > 1 && running) reach('policy_changed_mid_run');
      }
      if (type === 'UndoSucceeded') {
        undos.set(stream, (undos.get(stream) ?? 0) + 1);
        if (undos.get(stream) === 2) reach('two_undos');
      }
      if (type === 'RunFailed' || type === 'RunCanceled') reach(`rollback.${textOf(event, 'rollback')}`);
      if (type === 'StepIntended' && dataOf(event)['attempt'] !== 1) reach('another_attempt');
      return undefined;
    },
    atEnd: () => undefined,
  };
};
