import type { ApprovalPaper } from './approval.events.ts';
import type { ApprovalPhase } from './approval.lifecycle.ts';

type ApprovalEnding = 'denied' | 'expired' | 'withdrawn' | 'superseded' | 'invalidated' | 'used';

export type ApprovalRefusal =
  | { readonly reason: 'ApprovalUnknown' }
  | { readonly reason: 'ApprovalClosed'; readonly ending: ApprovalEnding | 'granted' }
  | { readonly reason: 'ApprovalNotGranted' }
  | { readonly reason: 'ApprovalIsExpired'; readonly expires_at: string }
  | { readonly reason: 'ActionChanged'; readonly action_digest: string }
  | { readonly reason: 'OwnRequest' }
  | { readonly reason: 'RoleMissing'; readonly roles: readonly string[] }
  | { readonly reason: 'ReasonRequired' }
  | {
      readonly reason: 'PersonRequired';
      readonly risk_level: ApprovalPaper['risk_level'];
      readonly over_mcp: ApprovalPaper['terms']['over_mcp'];
    }
  | { readonly reason: 'VotedAlready' };

export interface ApprovalState {
  readonly phase: ApprovalPhase;
  readonly approval_id: string;
  readonly paper: ApprovalPaper | null;
  /** Who has agreed. */
  readonly agreed: readonly string[];
  readonly ending: ApprovalEnding | null;
  readonly used_by: { readonly run_id: string | null; readonly step_id: string } | null;
  readonly dismissals: number;
  readonly announcement: { readonly attempt: number; readonly retry_at: string | null; readonly over: boolean };
  /** The newest instant that its stream has recorded: it is no earlier than that, whatever a clock says. */
  readonly newest_at: string;
}
