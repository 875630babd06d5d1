import * as E from 'fp-ts/lib/Either.js';
import { backoffMs, type Backoff } from '../kernel/backoff.ts';
import type { Decider } from '../kernel/decider.ts';
import { governed, type OutOfLifecycle } from '../kernel/lifecycle.ts';
import type { ApprovalCommand } from './approval.commands.ts';
import * as Events from './approval.events.ts';
import type { ApprovalEvent, ApprovalPaper } from './approval.events.ts';
import { approvalLifecycle } from './approval.lifecycle.ts';
import type { ApprovalRefusal, ApprovalState } from './approval.state.ts';
import { voted } from './approval.voting.ts';

export type { ApprovalRefusal, ApprovalState };

/** A webhook is tried so often: after five seconds first, and for about a day in all (Standard Webhooks). */
export const announcementBackoff: Backoff = { attemptsMax: 17, firstMs: 5_000, longestMs: 6 * 3_600_000 };

/** Prompts of one request that are on the record as dismissed; more of them say nothing new. */
export const dismissalsMax = 20;

type Of<T extends ApprovalCommand['type']> = Extract<ApprovalCommand, { type: T }>;
type Decided = E.Either<ApprovalRefusal, readonly ApprovalEvent[]>;

const later = (a: string, b: string): string => (a < b ? b : a);

/** When something was recorded as having happened, or '' where an event does not say. */
const instantOf = (event: ApprovalEvent): string => {
  if (event.type === 'ApprovalRequested') return event.data.paper.requested_at;
  return 'at' in event.data ? event.data.at : '';
};

const used = (
  { phase, approval_id, ending, used_by }: ApprovalState,
  paper: ApprovalPaper,
  command: Of<'UseApproval'>,
): Decided => {
  const { run_id, step_id, action_digest, at } = command;
  if (used_by?.run_id === run_id && used_by.step_id === step_id) return E.right([]);
  if (phase === 'ended') return E.left({ reason: 'ApprovalClosed', ending: ending ?? 'used' });
  if (phase !== 'granted') return E.left({ reason: 'ApprovalNotGranted' });
  if (action_digest !== paper.action_digest)
    return E.left({ reason: 'ActionChanged', action_digest: paper.action_digest });
  if (at >= paper.expires_at) return E.left({ reason: 'ApprovalIsExpired', expires_at: paper.expires_at });
  return E.right([Events.ApprovalUsed({ approval_id, run_id, step_id, at })]);
};

const announced = (
  { phase, approval_id, announcement, newest_at }: ApprovalState,
  { attempt, outcome }: Of<'RecordAnnouncement'>,
): Decided => {
  if (phase !== 'open' || announcement.over || attempt !== announcement.attempt + 1) return E.right([]);
  if (outcome.ok)
    return E.right([Events.ApprovalAnnounced({ approval_id, attempt, at: later(outcome.at, newest_at) })]);
  const { message, retryable, retry_after_ms } = outcome.failure;
  const wait = retryable
    ? backoffMs(announcementBackoff, attempt, `${approval_id}:${attempt}`, retry_after_ms)
    : undefined;
  const retry_at = wait === undefined ? null : new Date(Date.parse(outcome.at) + wait).toISOString();
  return E.right([Events.ApprovalAnnouncementFailed({ approval_id, attempt, message, retry_at })]);
};

const rules: Decider<ApprovalCommand, ApprovalState, ApprovalEvent, ApprovalRefusal> = {
  initial: {
    phase: approvalLifecycle.initial,
    approval_id: '',
    paper: null,
    agreed: [],
    ending: null,
    used_by: null,
    dismissals: 0,
    announcement: { attempt: 0, retry_at: null, over: true },
    newest_at: '',
  },

  decide: (asked, state): Decided => {
    const { phase, approval_id, paper, ending, newest_at } = state;
    // Where a clock was set back, an agreement must not live longer for it: it may expire early, never late.
    const command: ApprovalCommand = 'at' in asked ? { ...asked, at: later(asked.at, newest_at) } : asked;
    if (command.type === 'RequestApproval')
      return E.right(
        paper === null ? [Events.ApprovalRequested({ approval_id: command.approval_id, paper: command.paper })] : [],
      );
    if (paper === null) return E.left({ reason: 'ApprovalUnknown' });
    const { subject } = paper;
    switch (command.type) {
      case 'CastVote':
        return phase === 'open'
          ? voted(state, paper, command)
          : E.left({ reason: 'ApprovalClosed', ending: ending ?? 'granted' });
      case 'DismissPrompt': {
        const { by, answer, client, at } = command;
        const said = phase === 'open' && state.dismissals < dismissalsMax;
        return E.right(said ? [Events.ApprovalPromptDismissed({ approval_id, by, answer, client, at })] : []);
      }
      case 'UseApproval':
        return used(state, paper, command);
      case 'RecordAnnouncement':
        return announced(state, command);
      case 'AnnounceAgain':
        return E.right(
          phase === 'open' && state.announcement.retry_at !== null
            ? [Events.ApprovalAnnouncementDue({ approval_id, attempt: state.announcement.attempt + 1 })]
            : [],
        );
      case 'ExpireApproval':
        return E.right(phase === 'ended' ? [] : [Events.ApprovalExpired({ approval_id, subject, at: command.at })]);
      case 'WithdrawApproval':
        return E.right(
          phase === 'ended'
            ? []
            : [Events.ApprovalWithdrawn({ approval_id, subject, reason: command.reason, at: command.at })],
        );
      case 'SupersedeApproval':
        return E.right(phase === 'ended' ? [] : [Events.ApprovalSuperseded({ approval_id, subject, at: command.at })]);
      case 'InvalidateApproval': {
        const { differs, at } = command;
        return E.right(
          phase === 'ended' ? [] : [Events.ApprovalInvalidated({ approval_id, subject, differs: [...differs], at })],
        );
      }
    }
  },

  evolve: (before, event) => {
    const state = { ...before, newest_at: later(before.newest_at, instantOf(event)) };
    switch (event.type) {
      case 'ApprovalRequested': {
        const { approval_id, paper } = event.data;
        return { ...state, approval_id, paper, announcement: { ...state.announcement, over: !paper.terms.webhook } };
      }
      case 'ApprovalVoteCast':
        return event.data.vote === 'approve' ? { ...state, agreed: [...state.agreed, event.data.by] } : state;
      case 'ApprovalPromptDismissed':
        return { ...state, dismissals: state.dismissals + 1 };
      case 'ApprovalAnnounced':
        return { ...state, announcement: { attempt: event.data.attempt, retry_at: null, over: true } };
      case 'ApprovalAnnouncementFailed': {
        const { attempt, retry_at } = event.data;
        return { ...state, announcement: { attempt, retry_at, over: retry_at === null } };
      }
      case 'ApprovalAnnouncementDue':
        return { ...state, announcement: { ...state.announcement, retry_at: null } };
      case 'ApprovalDenied':
        return { ...state, ending: 'denied' };
      case 'ApprovalExpired':
        return { ...state, ending: 'expired' };
      case 'ApprovalWithdrawn':
        return { ...state, ending: 'withdrawn' };
      case 'ApprovalSuperseded':
        return { ...state, ending: 'superseded' };
      case 'ApprovalInvalidated':
        return { ...state, ending: 'invalidated' };
      case 'ApprovalUsed':
        return { ...state, ending: 'used', used_by: event.data };
      default:
        return state;
    }
  },
};

export type ApprovalRefused = ApprovalRefusal | OutOfLifecycle;
export const approval = governed(approvalLifecycle, rules);
