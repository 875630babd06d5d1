import type { Action } from '../gate/action.ts';
import type { Materials } from '../gate/materials.ts';
import type { Plan } from '../gate/plan.ts';
import type { GatePrincipal } from '../gate/principal.ts';
import type { Outcome } from '../kernel/process.ts';

/** What was set aside before a call; nothing, where `changed` says what is not as it was when the gate was asked. */
export interface Claims {
  readonly changed: string | null;
  readonly reservations: readonly { readonly budget_id: string; readonly reservation_id: string }[];
  readonly life: string;
}

/** What is known when a step is about to be undone; the gate is asked about a compensation, for it calls something. */
export interface UndoReadiness {
  readonly life: string;
  readonly gate: Pick<Materials, 'called' | 'active'> | null;
  readonly reservations: Claims['reservations'];
  /** The budget that has too little left for it; null where all have enough. */
  readonly short: string | null;
}

export interface Emitted {
  readonly type: string;
  readonly uri: string;
  readonly digest: string;
  readonly bytes: number;
  readonly media_type: string;
}

/** How a call ended. */
export type CallEnd =
  | {
      readonly kind: 'succeeded';
      readonly result: unknown;
      /** For the capability's own undo; undefined where it left none. */
      readonly own?: unknown;
      readonly cost_micros: number;
      readonly artifacts: readonly Emitted[];
    }
  | {
      readonly kind: 'failed';
      readonly code: string;
      readonly message: string;
      readonly retryable: boolean;
      readonly retry_after_ms?: number;
      readonly cost_micros: number;
      readonly artifacts: readonly Emitted[];
    }
  | { readonly kind: 'unknown'; readonly why: string; readonly artifacts: readonly Emitted[] };

export type ApprovalOutcome = 'granted' | 'denied' | 'expired' | 'withdrawn' | 'superseded' | 'invalidated';

export type RunCommand =
  | {
      readonly type: 'CreateRun';
      readonly run_id: string;
      readonly directive_id: string;
      readonly plan: Plan;
      readonly principal: GatePrincipal;
      readonly scope: string;
      readonly environment: string;
      readonly approval: { readonly step_id: string; readonly approval_id: string; readonly action: Action } | null;
    }
  | { readonly type: 'RecordJudgement'; readonly step_id: string; readonly outcome: Outcome<Materials> }
  | { readonly type: 'RecordClaim'; readonly step_id: string; readonly outcome: Outcome<Claims> }
  | { readonly type: 'RecordResult'; readonly step_id: string; readonly outcome: Outcome<CallEnd> }
  | { readonly type: 'RetryStep'; readonly step_id: string }
  | {
      readonly type: 'RecordApproval';
      readonly approval_id: string;
      readonly ending: ApprovalOutcome;
      readonly reason: string;
      readonly by: string;
      readonly at: string;
    }
  | {
      readonly type: 'AmendStep';
      readonly step_id: string;
      readonly args: Action['args'];
      readonly by: string;
      readonly reason: string;
      readonly at: string;
    }
  | {
      readonly type: 'ResolveOutcome';
      readonly step_id: string;
      readonly answer: 'done' | 'not_done' | 'retry';
      readonly result: unknown;
      readonly by: string;
      readonly reason: string;
      readonly at: string;
    }
  | { readonly type: 'PauseRun'; readonly reason: string; readonly at: string }
  | { readonly type: 'ResumeRun'; readonly reason: string; readonly at: string }
  | { readonly type: 'CancelRun'; readonly reason: string; readonly rollback: boolean; readonly at: string }
  | { readonly type: 'TimeUp'; readonly at: string }
  | { readonly type: 'IntendUndo'; readonly step_id: string; readonly outcome: Outcome<UndoReadiness> }
  | { readonly type: 'RecordUndo'; readonly step_id: string; readonly outcome: Outcome<CallEnd> };

export type Of<T extends RunCommand['type']> = Extract<RunCommand, { type: T }>;
