import type { OverMcp } from '../kernel/operation.ts';
import type { Outcome } from '../kernel/process.ts';
import type { ApprovalPaper, Vote } from './approval.events.ts';

export type ApprovalCommand =
  | { readonly type: 'RequestApproval'; readonly approval_id: string; readonly paper: ApprovalPaper }
  | {
      readonly type: 'CastVote';
      readonly by: string;
      readonly roles: readonly string[];
      readonly vote: Vote;
      readonly reason: string;
      /** What the voter has read; another action is another question. */
      readonly action_digest: string;
      readonly at: string;
      /** Whoever votes has shown a key, and so is known to be themselves. */
      readonly proven: boolean;
      /** Null where they voted over HTTP itself. */
      readonly over_mcp: OverMcp | null;
    }
  | {
      readonly type: 'DismissPrompt';
      readonly by: string;
      readonly answer: 'decline' | 'cancel';
      readonly client: string | null;
      readonly at: string;
    }
  | { readonly type: 'ExpireApproval'; readonly at: string }
  | { readonly type: 'WithdrawApproval'; readonly reason: string; readonly at: string }
  | { readonly type: 'SupersedeApproval'; readonly at: string }
  | { readonly type: 'InvalidateApproval'; readonly differs: readonly string[]; readonly at: string }
  /** Takes a granted approval for the call it was granted for, or says why it cannot be had. */
  | {
      readonly type: 'UseApproval';
      /** Null, and the step '', for a decision. */
      readonly run_id: string | null;
      readonly step_id: string;
      readonly action_digest: string;
      readonly at: string;
    }
  | { readonly type: 'RecordAnnouncement'; readonly attempt: number; readonly outcome: Outcome }
  | { readonly type: 'AnnounceAgain' };
