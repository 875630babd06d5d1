import { setup } from 'xstate';
import { lifecycle } from '../kernel/lifecycle.ts';
import type { ApprovalEvent } from './approval.events.ts';

/** Five ends without a use, and one with it: what was granted can still expire, be withdrawn or become another action. */
const ends = {
  ApprovalExpired: 'ended',
  ApprovalWithdrawn: 'ended',
  ApprovalSuperseded: 'ended',
  ApprovalInvalidated: 'ended',
} as const;

export const approvalMachine = setup({ types: { events: {} as { type: ApprovalEvent['type'] } } }).createMachine({
  id: 'approval',
  initial: 'unrequested',
  states: {
    unrequested: { on: { ApprovalRequested: 'open' } },
    open: {
      on: {
        ApprovalVoteCast: 'open',
        ApprovalPromptDismissed: 'open',
        ApprovalAnnounced: 'open',
        ApprovalAnnouncementFailed: 'open',
        ApprovalAnnouncementDue: 'open',
        ApprovalGranted: 'granted',
        ApprovalDenied: 'ended',
        ...ends,
      },
    },
    granted: { on: { ApprovalUsed: 'ended', ...ends } },
    ended: { type: 'final' },
  },
});

export const approvalLifecycle = lifecycle(approvalMachine);
export type ApprovalPhase = typeof approvalLifecycle.initial;
