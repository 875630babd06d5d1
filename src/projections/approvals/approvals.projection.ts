import type { ApprovalEvent, ApprovalPaper, ApprovalSubject } from '../../domain/approval/approval.events.ts';
import type { Recorded } from '../../domain/kernel/event.ts';
import { tenantOf } from '../../domain/kernel/tenant.ts';
import { projection } from '../projection.ts';
import { touched } from '../touched.ts';

export interface CastVote {
  readonly by: string;
  readonly roles: readonly string[];
  readonly vote: string;
  readonly reason: string;
  readonly at: string;
  readonly four_eyes_proven: boolean;
  /** Null where it was cast over HTTP itself. */
  readonly over_mcp: { readonly client: string | null; readonly asked: boolean } | null;
}

/** How somebody else was told of the request: the newest attempts. */
export interface Announcement {
  readonly attempt: number;
  readonly ok: boolean;
  readonly at: string;
  readonly message: string | null;
  readonly retry_at: string | null;
}

export interface ApprovalRow {
  readonly approval_id: string;
  readonly tenant: string;
  readonly status: string;
  readonly used: boolean;
  readonly used_at: string | null;
  readonly subject: ApprovalSubject;
  readonly run_id: string | null;
  /** Null for what a decision waits for. */
  readonly directive_id: string | null;
  readonly step_id: string;
  readonly decision_id: string | null;
  readonly capability_id: string | null;
  readonly agent_id: string | null;
  readonly headline: string;
  readonly risk_level: string;
  readonly action: ApprovalPaper['action'];
  readonly action_digest: string;
  readonly verdict: ApprovalPaper['verdict'];
  readonly terms: ApprovalPaper['terms'];
  readonly requested_by: ApprovalPaper['requested_by'];
  readonly supersedes: string | null;
  readonly votes: readonly CastVote[];
  readonly agreed: number;
  readonly quorum: number;
  readonly requested_at: string;
  readonly expires_at: string;
  readonly decided_at: string | null;
  readonly ended_at: string | null;
  readonly ended_by: string | null;
  readonly reason: string | null;
  readonly changes_requested: boolean;
  readonly differs: readonly string[];
  readonly announcements: readonly Announcement[];
  readonly correlation_id: string | null;
  readonly revision: number;
  readonly position: bigint;
  readonly updated_at: string;
}

const announcementsMax = 20;

const ended = (
  row: ApprovalRow | undefined,
  event: Recorded<ApprovalEvent>,
  status: string,
  change: Partial<ApprovalRow> = {},
): ApprovalRow | null => touched(row, event, { status, ended_at: event.recorded_at, ...change });

const announced = (
  row: ApprovalRow | undefined,
  event: Recorded<ApprovalEvent>,
  announcement: Omit<Announcement, 'at'>,
): ApprovalRow | null =>
  touched(row, event, {
    announcements: [...(row?.announcements ?? []), { ...announcement, at: event.recorded_at }].slice(-announcementsMax),
  });

const requested = (event: Recorded<Extract<ApprovalEvent, { type: 'ApprovalRequested' }>>): ApprovalRow => {
  const { approval_id, paper } = event.data;
  const { subject, action, requested_by, terms } = paper;
  return {
    ...paper,
    approval_id,
    tenant: tenantOf(event),
    status: 'open',
    used: false,
    used_at: null,
    run_id: subject.kind === 'run' ? subject.run_id : null,
    directive_id: subject.kind === 'decision' ? null : subject.directive_id,
    step_id: subject.kind === 'decision' ? '' : subject.step_id,
    decision_id: subject.kind === 'decision' ? subject.decision_id : null,
    capability_id: action?.capability_id ?? null,
    agent_id: requested_by.type === 'agent' ? requested_by.id : null,
    votes: [],
    agreed: 0,
    quorum: terms.quorum,
    decided_at: null,
    ended_at: null,
    ended_by: null,
    reason: null,
    changes_requested: false,
    differs: [],
    announcements: [],
    correlation_id: event.metadata['$correlationId'] ?? null,
    revision: event.revision,
    position: event.position,
    updated_at: event.recorded_at,
  };
};

/** Every request for a person's agreement, with all that was shown to them, what they said and what became of it. */
export const approvals = projection<ApprovalRow, ApprovalEvent>({
  name: 'approvals',
  version: 3,
  table: (t) =>
    t
      .addColumn('approval_id', 'uuid', (c) => c.primaryKey())
      .addColumn('tenant', 'text', (c) => c.notNull())
      .addColumn('status', 'text', (c) => c.notNull())
      .addColumn('used', 'boolean', (c) => c.notNull())
      .addColumn('used_at', 'timestamptz')
      .addColumn('subject', 'jsonb', (c) => c.notNull())
      .addColumn('run_id', 'uuid')
      .addColumn('directive_id', 'uuid')
      .addColumn('step_id', 'text', (c) => c.notNull())
      .addColumn('decision_id', 'uuid')
      .addColumn('capability_id', 'text')
      .addColumn('agent_id', 'text')
      .addColumn('headline', 'text', (c) => c.notNull())
      .addColumn('risk_level', 'text', (c) => c.notNull())
      .addColumn('action', 'jsonb')
      .addColumn('action_digest', 'text', (c) => c.notNull())
      .addColumn('verdict', 'jsonb')
      .addColumn('terms', 'jsonb', (c) => c.notNull())
      .addColumn('requested_by', 'jsonb', (c) => c.notNull())
      .addColumn('supersedes', 'uuid')
      .addColumn('votes', 'jsonb', (c) => c.notNull())
      .addColumn('agreed', 'integer', (c) => c.notNull())
      .addColumn('quorum', 'integer', (c) => c.notNull())
      .addColumn('requested_at', 'timestamptz', (c) => c.notNull())
      .addColumn('expires_at', 'timestamptz', (c) => c.notNull())
      .addColumn('decided_at', 'timestamptz')
      .addColumn('ended_at', 'timestamptz')
      .addColumn('ended_by', 'text')
      .addColumn('reason', 'text')
      .addColumn('changes_requested', 'boolean', (c) => c.notNull())
      .addColumn('differs', 'jsonb', (c) => c.notNull())
      .addColumn('announcements', 'jsonb', (c) => c.notNull())
      .addColumn('correlation_id', 'text')
      .addColumn('revision', 'integer', (c) => c.notNull())
      .addColumn('position', 'bigint', (c) => c.notNull())
      .addColumn('updated_at', 'timestamptz', (c) => c.notNull()),
  indexes: {
    by_tenant: (i) => i.columns(['tenant', 'requested_at', 'approval_id']),
    by_status: (i) => i.columns(['status', 'requested_at']),
    by_capability: (i) => i.columns(['capability_id', 'requested_at']),
    by_run: (i) => i.column('run_id'),
  },
  key: ({ data }) => data.approval_id,
  on: {
    ApprovalRequested: (_, event) => requested(event),
    ApprovalVoteCast: (row, event) => {
      const { by, roles, vote, reason, at, four_eyes_proven, over_mcp } = event.data;
      const votes = [...(row?.votes ?? []), { by, roles, vote, reason, at, four_eyes_proven, over_mcp }];
      return touched(row, event, { votes, agreed: votes.filter((cast) => cast.vote === 'approve').length });
    },
    ApprovalPromptDismissed: (row, event) => touched(row, event, {}),
    ApprovalGranted: (row, event) =>
      touched(row, event, {
        status: 'granted',
        decided_at: event.recorded_at,
        ended_by: event.data.by.at(-1) ?? null,
        reason: row?.votes.at(-1)?.reason ?? null,
      }),
    ApprovalDenied: (row, event) => {
      const { by, reason, changes_requested } = event.data;
      return ended(row, event, 'denied', { decided_at: event.recorded_at, ended_by: by, reason, changes_requested });
    },
    ApprovalExpired: (row, event) => ended(row, event, 'expired'),
    ApprovalWithdrawn: (row, event) => ended(row, event, 'withdrawn', { reason: event.data.reason }),
    ApprovalSuperseded: (row, event) => ended(row, event, 'superseded'),
    ApprovalInvalidated: (row, event) => ended(row, event, 'invalidated', { differs: event.data.differs }),
    ApprovalUsed: (row, event) => {
      const { run_id } = event.data;
      return ended(row, event, row?.status ?? 'granted', { used: true, used_at: event.recorded_at, run_id });
    },
    ApprovalAnnounced: (row, event) =>
      announced(row, event, { attempt: event.data.attempt, ok: true, message: null, retry_at: null }),
    ApprovalAnnouncementFailed: (row, event) => {
      const { attempt, message, retry_at } = event.data;
      return announced(row, event, { attempt, ok: false, message, retry_at });
    },
    ApprovalAnnouncementDue: (row, event) => touched(row, event, {}),
  },
});
