import type { Action } from '../gate/action.ts';
import type { Materials } from '../gate/materials.ts';
import type { GatePrincipal } from '../gate/principal.ts';
import type { Outcome } from '../kernel/process.ts';
import type { DirectiveContent, Origin } from './directive.events.ts';

/** What the gate is asked with, for every step that calls a capability, by the step's id. */
export type StepMaterials = Readonly<Record<string, Materials>>;

interface Proposal {
  readonly principal: GatePrincipal;
  readonly environment: string;
  readonly materials: StepMaterials;
  readonly at: string;
}

export type DirectiveCommand =
  | {
      readonly type: 'DraftDirective';
      readonly directive_id: string;
      readonly content: DirectiveContent;
      readonly origin: Origin;
      readonly issued_by: string;
      /** Proposed in the same breath; null for a draft that waits to be. */
      readonly proposal: Proposal | null;
    }
  | { readonly type: 'ReviseDirective'; readonly content: DirectiveContent; readonly by: string }
  | { readonly type: 'ProposeDirective'; readonly proposal: Proposal }
  | {
      readonly type: 'AmendDirective';
      readonly step_id: string;
      readonly args: Action['args'];
      readonly by: string;
      readonly reason: string;
      readonly materials: StepMaterials;
      readonly at: string;
    }
  | {
      readonly type: 'RecordDirectiveApproval';
      readonly approval_id: string;
      readonly ending: 'granted' | 'denied' | 'expired' | 'withdrawn' | 'superseded' | 'invalidated';
      readonly reason: string;
      readonly at: string;
    }
  | { readonly type: 'BlockDirective'; readonly reason: string; readonly at: string }
  | { readonly type: 'RecordDispatch'; readonly outcome: Outcome<{ readonly run_id: string }> }
  | {
      readonly type: 'EndDirective';
      readonly run_id: string;
      readonly run_status: 'completed' | 'failed' | 'canceled';
      readonly code: string | null;
      readonly message: string;
      readonly result: unknown;
      readonly at: string;
    };

export type Of<T extends DirectiveCommand['type']> = Extract<DirectiveCommand, { type: T }>;
