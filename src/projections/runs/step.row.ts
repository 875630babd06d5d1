import type { Recorded } from '../../domain/kernel/event.ts';
import { tenantOf } from '../../domain/kernel/tenant.ts';
import type { RunEvent } from '../../domain/run/run.events.ts';
import type { Key } from '../projection.ts';
import { marked, over, type Span } from './span.ts';

export interface StepRow {
  readonly run_id: string;
  readonly step_id: string;
  readonly tenant: string;
  /** Its place in the plan, from 1. */
  readonly ordinal: number;
  readonly kind: string;
  readonly capability_id: string | null;
  readonly depends_on: readonly string[];
  readonly status: string;
  readonly attempt: number;
  /** What is asked of the capability: as the plan says, then as the gate has seen it. */
  readonly args: unknown;
  readonly key: string | null;
  readonly args_digest: string | null;
  readonly action_digest: string | null;
  readonly effect_class: string | null;
  readonly decision: string | null;
  readonly verdict: unknown;
  readonly rule_id: string | null;
  readonly approval_id: string | null;
  readonly grant_id: string | null;
  /** Personal: what the capability answered. */
  readonly result: unknown;
  readonly code: string | null;
  readonly message: string | null;
  readonly retry_at: string | null;
  readonly cost_micros: bigint;
  readonly artifacts: readonly unknown[];
  readonly undo: string | null;
  readonly undone_at: string | null;
  readonly spans: readonly Span[];
  readonly started_at: string | null;
  readonly ended_at: string | null;
  readonly updated_at: string;
  readonly position: bigint;
}

export type Of<T extends RunEvent['type']> = Recorded<Extract<RunEvent, { type: T }>>;
export type Row = StepRow | undefined;

const artifactsMax = 200;

/** The row after an event that changes this of it. */
export const changed = (
  row: Row,
  { position, recorded_at }: Recorded<RunEvent>,
  change: Partial<StepRow>,
): StepRow | null => (row === undefined ? null : { ...row, ...change, position, updated_at: recorded_at });

/** The spans of a row that may not be there. */
export const spansOf = (row: Row): readonly Span[] => row?.spans ?? [];
/** The kinds of spans that the end of a call, or of its step, ends too. */
export const waits = ['approval', 'call', 'backoff', 'question', 'undo'] as const;

/** The row that a step of a plan begins with. */
export const created = (event: Of<'RunCreated'>, key: Key): StepRow | null => {
  const { run_id, plan, approval } = event.data;
  const index = plan.steps.findIndex(({ step_id }) => typeof key === 'object' && step_id === key['step_id']);
  const step = plan.steps[index];
  if (step === undefined) return null;
  return {
    run_id,
    step_id: step.step_id,
    tenant: tenantOf(event),
    ordinal: index + 1,
    kind: step.kind,
    capability_id: step.kind === 'action' ? step.capability_id : null,
    depends_on: step.depends_on,
    status: 'waiting',
    attempt: 0,
    args: step.kind === 'action' ? step.args : null,
    key: null,
    args_digest: null,
    action_digest: null,
    effect_class: null,
    decision: null,
    verdict: null,
    rule_id: null,
    approval_id: approval?.step_id === step.step_id ? approval.approval_id : null,
    grant_id: null,
    result: null,
    code: null,
    message: null,
    retry_at: null,
    cost_micros: 0n,
    artifacts: [],
    undo: null,
    undone_at: null,
    spans: [],
    started_at: null,
    ended_at: null,
    updated_at: event.recorded_at,
    position: event.position,
  };
};

/** The gate's word on a step, and what exactly it speaks of. */
export const judged = (row: Row, event: Of<'StepJudged'>): StepRow | null => {
  const { attempt, question, verdict, action, callee, grant_id } = event.data;
  return changed(row, event, {
    capability_id: question.capability_id,
    args: question.args ?? null,
    args_digest: action?.args_digest ?? null,
    action_digest: action?.action_digest ?? null,
    effect_class: callee?.effect_class ?? null,
    decision: verdict.decision,
    verdict,
    rule_id: verdict.rule?.rule_id ?? null,
    grant_id,
    spans: marked(spansOf(row), event, 'verdict', question.capability_id, verdict.decision, attempt),
  });
};

const paid = (
  row: Row,
  { cost_micros, artifacts }: Pick<Of<'UndoSucceeded'>['data'], 'cost_micros' | 'artifacts'>,
): Pick<StepRow, 'cost_micros' | 'artifacts'> => ({
  cost_micros: (row?.cost_micros ?? 0n) + BigInt(cost_micros),
  artifacts: [...(row?.artifacts ?? []), ...artifacts].slice(-artifactsMax),
});

/** What every end of a call says: what it cost, and what it left. */
export const landed = (
  row: Row,
  event: Of<'StepSucceeded' | 'StepRetryScheduled' | 'StepFailed' | 'StepOutcomeUnknown'>,
  status: string,
  change: Partial<StepRow>,
): StepRow | null => {
  return changed(row, event, {
    status,
    attempt: event.data.attempt,
    retry_at: null,
    spans: over(spansOf(row), event, waits, status),
    ...change,
    ...paid(row, event.data),
  });
};

/** What a person has agreed to is judged once more; anything else is ended by what follows. */
export const approvalEnded = (row: Row, event: Of<'StepApprovalEnded'>): StepRow | null => {
  const { ending, reason } = event.data;
  const spans = over(spansOf(row), event, ['approval'], ending);
  if (ending !== 'granted') return changed(row, event, { spans, message: reason === '' ? null : reason });
  const status = row?.status === 'asked' && row.kind === 'action' ? 'waiting' : (row?.status ?? 'waiting');
  return changed(row, event, { spans, status });
};

/** How the undoing of a step ended: what it cost and what it left comes to what the step did. */
export const undone = (row: Row, event: Of<'UndoSucceeded' | 'UndoFailed'>, status: string, change: Partial<StepRow>) =>
  changed(row, event, {
    status,
    spans: over(spansOf(row), event, ['undo'], status),
    ...change,
    ...paid(row, event.data),
  });
