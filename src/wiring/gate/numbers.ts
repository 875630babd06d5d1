import type { Engine } from '../../commands/execute.ts';
import type { Recorded } from '../../domain/kernel/event.ts';

const startsMax = 10_000;

interface Spoken {
  readonly decision?: string;
  readonly verdict?: { readonly decision: string };
  readonly question?: { readonly capability_id: string };
  readonly run_id?: string;
  readonly step_id?: string;
  readonly code?: string;
  readonly at?: string;
}

/** How a directive stands after an event of its stream (requirements D120). */
const directiveStatus: Readonly<Record<string, string>> = {
  DirectiveDrafted: 'draft',
  DirectiveProposed: 'proposed',
  DirectiveApproved: 'approved',
  DirectiveBlocked: 'blocked',
  DirectiveDispatched: 'executing',
  DirectiveCompleted: 'complete',
  DirectiveAborted: 'aborted',
};

const approvalEnding: Readonly<Record<string, string>> = {
  ApprovalRequested: 'requested',
  ApprovalGranted: 'granted',
  ApprovalDenied: 'denied',
  ApprovalExpired: 'expired',
  ApprovalWithdrawn: 'withdrawn',
  ApprovalSuperseded: 'superseded',
  ApprovalInvalidated: 'invalidated',
};

const stepStatus: Readonly<Record<string, string>> = {
  StepSucceeded: 'succeeded',
  StepFailed: 'failed',
  StepRetryScheduled: 'retried',
  StepOutcomeUnknown: 'unknown',
};

/**
 * Counts what this node records of the gate and of runs (requirements D120, D121): from the events themselves, so that what
 * is counted is what happened. Never ids as labels (D122).
 */
export const countGate = ({ appended, telemetry }: Engine): void => {
  const starts = new Map<string, number>();
  const called = new Map<string, string>();

  const remember = <T>(known: Map<string, T>, key: string, value: T): void => {
    const [oldest] = known.keys();
    if (known.size >= startsMax && oldest !== undefined) known.delete(oldest);
    known.set(key, value);
  };

  const ended = (run_id: string, at: string | undefined, outcome: string): void => {
    const began = starts.get(run_id);
    starts.delete(run_id);
    telemetry.count('acta_runs_total', { outcome });
    if (began !== undefined && at !== undefined)
      telemetry.observe('acta_execution_duration_seconds', Math.max(0, Date.parse(at) - began) / 1_000, { outcome });
  };

  const countedRun = (type: string, { run_id = '', step_id = '', at, code, question, verdict }: Spoken): void => {
    if (type === 'RunStarted' && at !== undefined) remember(starts, run_id, Date.parse(at));
    if (type === 'StepJudged') {
      telemetry.count('acta_policy_evaluations_total', { verdict: verdict?.decision ?? 'deny' });
      remember(called, `${run_id}/${step_id}`, question?.capability_id ?? 'unknown');
    }
    const status = stepStatus[type];
    if (status !== undefined)
      telemetry.count('acta_module_executions_total', {
        module_name: called.get(`${run_id}/${step_id}`) ?? 'unknown',
        status,
      });
    if (type === 'StepFailed') telemetry.count('acta_execution_failures_total', { failure_type: code ?? 'failed' });
    if (type === 'RunCompleted') ended(run_id, at, 'completed');
    if (type === 'RunFailed') ended(run_id, at, 'failed');
    if (type === 'RunCanceled') ended(run_id, at, 'canceled');
  };

  const counted = ({ type, data }: Recorded): void => {
    const spoken = data as Spoken;
    const status = directiveStatus[type];
    if (status !== undefined) telemetry.count('acta_directives_total', { status });
    if (type === 'DirectiveJudged')
      telemetry.count('acta_policy_evaluations_total', { verdict: spoken.decision ?? 'deny' });
    const ending = approvalEnding[type];
    if (ending !== undefined) telemetry.count('acta_approvals_total', { ending });
    countedRun(type, spoken);
  };

  appended.add((_, events) => {
    for (const event of events) counted(event);
  });
};
