import type { RunEvent } from './run.events.ts';
import { unbegun, type RunState, type StepState } from './run.state.ts';

const withStep = (state: RunState, step_id: string, change: (step: StepState) => Partial<StepState>): RunState => {
  const before = state.steps.get(step_id);
  if (before === undefined) return state;
  const steps = new Map(state.steps).set(step_id, { ...before, ...change(before) });
  return { ...state, steps };
};

type Of<T extends RunEvent['type']> = Extract<RunEvent, { type: T }>;

/** What an attempt or an undoing cost is spent, and what was set aside for it is free again. */
const paid = (
  state: RunState,
  { step_id, cost_micros }: { readonly step_id: string; readonly cost_micros: number },
  of: 'intent' | 'undoing' = 'intent',
): RunState => ({
  ...state,
  spent_micros: state.spent_micros + cost_micros,
  reserved_micros: state.reserved_micros - (state.steps.get(step_id)?.[of]?.reserved_micros ?? 0),
});

/** What was to be undone next has ended, whichever way. */
const undone = (state: RunState, data: Of<'UndoSucceeded' | 'UndoFailed'>['data']): RunState => {
  const after = paid(state, data, 'undoing');
  const { rollback } = after;
  if (rollback === null) return after;
  return { ...after, rollback: { ...rollback, left: rollback.left.filter((id) => id !== data.step_id) } };
};

const created = (state: RunState, { data }: Of<'RunCreated'>): RunState => {
  const { approval, ...run } = data;
  const steps = new Map(data.plan.steps.map((step) => [step.step_id, unbegun(step)]));
  const known = { ...state, ...run, steps };
  if (approval === null) return known;
  const { step_id, approval_id, action } = approval;
  return withStep(known, step_id, () => ({ approval: { approval_id, action, granted: true, expires_at: null } }));
};

const amended = (state: RunState, { data: { step_id, args, by } }: Of<'StepAmended'>): RunState =>
  withStep(state, step_id, ({ step, amended_by }) => ({
    amended_by: [...amended_by, by],
    step: step.kind === 'action' ? { ...step, args } : step,
    status: 'waiting',
    approval: null,
  }));

const approvalEnded = (state: RunState, { data }: Of<'StepApprovalEnded'>): RunState =>
  withStep(state, data.step_id, ({ step, approval, status }) => {
    if (data.ending !== 'granted') return { approval: null };
    const granted = approval === null ? null : { ...approval, granted: true };
    // A person's word is all that such a step asked for; an action is judged again, with the approval in hand.
    return step.kind === 'human_approval'
      ? { approval: granted }
      : { approval: granted, status: status === 'asked' ? 'waiting' : status };
  });

const resolved = (state: RunState, { data: { step_id, answer } }: Of<'StepOutcomeResolved'>): RunState =>
  withStep(state, step_id, () => (answer === 'retry' ? { status: 'waiting' } : {}));

const stepChange = (event: RunEvent): ((step: StepState) => Partial<StepState>) | undefined => {
  switch (event.type) {
    case 'StepJudged': {
      const { action, callee, compensation, grant_id, budget_ids } = event.data;
      return () => ({ judged: { action, callee, compensation, grant_id, budget_ids } });
    }
    case 'StepApprovalRequested': {
      const { approval_id, action, expires_at } = event.data;
      return ({ round }) => ({
        status: 'asked',
        round: round + 1,
        approval: { approval_id, action, granted: false, expires_at },
      });
    }
    case 'StepCleared':
      return () => ({ status: 'cleared', attempt: event.data.attempt });
    case 'StepClearanceLapsed':
      return ({ attempt, lapses }) => ({ status: 'waiting', attempt: attempt - 1, lapses: lapses + 1 });
    case 'StepIntended': {
      const { attempt, key, life, reservations, reserved_micros } = event.data;
      return () => ({
        status: 'intended',
        attempt,
        retry_at: null,
        intent: { key, life, reservations, reserved_micros },
      });
    }
    case 'StepSucceeded':
      return () => ({
        status: 'succeeded',
        intent: null,
        result: event.data.result,
        undo: event.data.undo,
        failure: null,
      });
    case 'StepRetryScheduled': {
      const { code, message, retry_at, attempt } = event.data;
      return () => ({ status: 'backing_off', intent: null, attempt, retry_at, failure: { code, message } });
    }
    case 'StepRetryDue':
      return () => ({ status: 'waiting', retry_at: null });
    case 'StepFailed':
      return () => ({
        status: 'failed',
        retry_at: null,
        failure: { code: event.data.code, message: event.data.message },
      });
    case 'StepOutcomeUnknown':
      return () => ({ status: 'unknown', intent: null, failure: { code: 'outcome_unknown', message: event.data.why } });
    case 'StepSkipped':
      return () => ({ status: 'skipped', failure: { code: 'skipped', message: event.data.why } });
    case 'UndoIntended':
      return () => ({ undoing: event.data });
    case 'UndoSucceeded':
      return () => ({ undone: 'yes' });
    case 'UndoFailed':
      return () => ({ undone: 'failed', failure: { code: event.data.code, message: event.data.message } });
    default:
      return undefined;
  }
};

const runChange = (state: RunState, event: RunEvent): RunState => {
  switch (event.type) {
    case 'RunCreated':
      return created(state, event);
    case 'RunStarted':
      return { ...state, started_ms: Date.parse(event.data.at) };
    case 'StepAmended':
      return amended(state, event);
    case 'StepApprovalEnded':
      return approvalEnded(state, event);
    case 'StepOutcomeResolved':
      return resolved(state, event);
    case 'StepIntended':
    case 'UndoIntended':
      return { ...state, reserved_micros: state.reserved_micros + event.data.reserved_micros };
    case 'StepSucceeded':
      return { ...paid(state, event.data), succeeded: [...state.succeeded, event.data.step_id] };
    case 'StepRetryScheduled':
    case 'StepFailed':
    case 'StepOutcomeUnknown':
      return paid(state, event.data);
    case 'RunPaused':
      return { ...state, paused: true };
    case 'RunResumed':
      return { ...state, paused: false, resumed: state.resumed + 1 };
    case 'RunCancelRequested':
      return { ...state, paused: false, cancel: { reason: event.data.reason, rollback: event.data.rollback } };
    case 'RunTimedOut':
      return { ...state, timed_out: true };
    case 'RollbackStarted':
      return { ...state, rollback: { reason: event.data.reason, left: event.data.step_ids } };
    case 'UndoSucceeded':
    case 'UndoFailed':
      return undone(state, event.data);
    default:
      return state;
  }
};

const waitsForPeople = ({ paused, steps }: RunState): boolean =>
  paused || [...steps.values()].some(({ status }) => status === 'asked' || status === 'unknown');

/** Counts the time that is spent waiting for people, from the instants that the events themselves carry. */
const held = (state: RunState, at: string | undefined): RunState => {
  const { held_since_ms, held_ms } = state;
  const holding = waitsForPeople(state);
  if (at === undefined || holding === (held_since_ms !== null)) return state;
  const now = Date.parse(at);
  return held_since_ms === null
    ? { ...state, held_since_ms: now }
    : { ...state, held_since_ms: null, held_ms: held_ms + Math.max(0, now - held_since_ms) };
};

/** What is known of a run after an event; its phase is the machine's business. */
export const evolveRun = (state: RunState, event: RunEvent): RunState => {
  const changed = runChange(state, event);
  const change = stepChange(event);
  const data = event.data as { readonly step_id?: string; readonly at?: string };
  const stepped =
    change === undefined || data.step_id === undefined ? changed : withStep(changed, data.step_id, change);
  return held(stepped, data.at);
};
