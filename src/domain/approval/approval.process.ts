import type { Effect, Process, Wait } from '../kernel/process.ts';
import type { ApprovalCommand } from './approval.commands.ts';
import { approval, type ApprovalRefused, type ApprovalState } from './approval.decider.ts';
import type { ApprovalEvent, ApprovalPaper } from './approval.events.ts';

/** Tell the address that is configured that somebody has to decide. */
export interface AnnounceEffect extends Effect {
  readonly kind: 'announce';
  readonly approval_id: string;
  readonly attempt: number;
  readonly paper: ApprovalPaper;
}

const announcing = (state: ApprovalState): readonly (AnnounceEffect | Wait)[] => {
  const { phase, approval_id, paper, announcement } = state;
  if (phase !== 'open' || paper === null || announcement.over) return [];
  const attempt = announcement.attempt + 1;
  const { retry_at } = announcement;
  return retry_at === null
    ? [{ kind: 'announce', key: `${approval_id}:announce:${attempt}`, approval_id, attempt, paper }]
    : [{ kind: 'wait', key: `${approval_id}:pause:${attempt}`, until: retry_at }];
};

/** The clock of an approval: it ends by itself where nobody decides, or nobody uses what was granted, in time. */
const clock = ({ phase, approval_id, paper }: ApprovalState): readonly Wait[] =>
  paper === null || (phase !== 'open' && phase !== 'granted')
    ? []
    : [{ kind: 'wait', key: `${approval_id}:expiry`, until: paper.expires_at }];

export const approvalProcess: Process<ApprovalCommand, ApprovalState, ApprovalEvent, ApprovalRefused, AnnounceEffect> =
  {
    ...approval,
    next: (state) => [...clock(state), ...announcing(state)],
    outcome: (effect, outcome): ApprovalCommand => {
      if (effect.kind === 'announce') return { type: 'RecordAnnouncement', attempt: effect.attempt, outcome };
      if (effect.key.endsWith(':expiry')) return { type: 'ExpireApproval', at: outcome.at };
      return { type: 'AnnounceAgain' };
    },
    done: ({ phase }) => phase === 'ended',
  };
