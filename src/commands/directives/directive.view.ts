import { z } from 'zod';
import { RiskLevel } from '../../domain/capability/capability.spec.ts';
import type { DirectiveState } from '../../domain/directive/directive.state.ts';
import type { Receipt } from '../execute.ts';

export const DirectiveView = z.object({
  directive_id: z.uuid(),
  status: z.enum(['draft', 'proposed', 'approved', 'blocked', 'executing', 'complete', 'aborted']),
  /** What it waits for; null where it goes on by itself. */
  waiting_for: z.enum(['approval']).nullable(),
  approval_id: z.uuid().nullable(),
  /** What whoever has to agree is shown of it, and until when they may; null where it waits for nobody. */
  headline: z.string().nullable(),
  risk_level: RiskLevel.nullable(),
  expires_at: z.iso.datetime().nullable(),
  run_id: z.uuid().nullable(),
  /** What blocked it, `policy_denied` where it was the gate; null where it is not blocked, or was before. */
  blocked_code: z.string().nullable(),
  /** Why it is blocked; empty where it is not. */
  reasons: z.array(z.string()),
  revision: z.int(),
});
export type DirectiveView = z.infer<typeof DirectiveView>;

/** A directive as its own stream has it, for whoever has just commanded it. */
export const directiveView = ({ state, revision, events }: Receipt<DirectiveState>): DirectiveView => {
  const { phase, directive_id, asked, run_id } = state;
  if (phase === 'undrafted') throw new Error('a directive that was commanded is drafted');
  const blocked = events.findLast(({ type }) => type === 'DirectiveBlocked')?.data as
    { code?: string; reasons?: string[] } | undefined;
  const request = phase === 'proposed' ? asked : null;
  return {
    directive_id,
    status: phase,
    waiting_for: request === null ? null : 'approval',
    approval_id: request?.approval_id ?? null,
    headline: request?.headline ?? null,
    risk_level: request?.risk_level ?? null,
    expires_at: request?.expires_at ?? null,
    run_id,
    blocked_code: phase === 'blocked' ? (blocked?.code ?? null) : null,
    reasons: phase === 'blocked' ? (blocked?.reasons ?? []) : [],
    revision,
  };
};
