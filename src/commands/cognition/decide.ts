import { decision } from '../../domain/decision/decision.decider.ts';
import type { DecisionContent } from '../../domain/decision/decision.events.ts';
import { streamOf } from '../../domain/kernel/ids.ts';
import { guardOf } from '../decisions/judge-decision.ts';
import type { Engine } from '../execute.ts';
import { must, note, type Writer } from './note.ts';

/** What became of a decision that an agent wants on the record: recorded, asked about, or blocked, and by which guardrails. */
export interface Decided {
  readonly decision_id: string;
  readonly status: 'recorded' | 'proposed' | 'blocked';
  readonly blocked_by: readonly string[];
  readonly warnings: readonly string[];
  readonly approval_id: string | null;
}

/** Records a decision of an agent's as its guardrails have it, once for each id. What an agent wants, it did not agree to itself. */
export const decide = async (
  engine: Engine,
  about: { readonly decision_id: string; readonly session_id: string; readonly content: DecisionContent },
  writer: Writer,
): Promise<Decided> => {
  const { decision_id, session_id, content } = about;
  const { agent_id, tenant } = writer;
  const by = `agent:${agent_id}`;
  const requested_by = { type: 'agent' as const, id: agent_id, roles: [], permissions: [], chain: [by] };
  const guard = await guardOf(engine, tenant, { decision_id, content, requested_by });
  const asked = { type: 'RecordDecision', decision_id, agent_id, session_id, content, by, guard } as const;
  const { state } = must(await note(engine, decision, streamOf('decision', decision_id), asked, writer, decision_id));
  const { phase, guardrails, proposal } = state;
  const named = (severities: readonly string[]): readonly string[] =>
    guardrails?.fired.filter(({ severity }) => severities.includes(severity)).map(({ name }) => name) ?? [];
  return {
    decision_id,
    status: phase === 'proposed' || phase === 'blocked' ? phase : 'recorded',
    blocked_by: named(['block', 'absolute']),
    warnings: named(['warn']),
    approval_id: phase === 'proposed' ? (proposal?.approval.approval_id ?? null) : null,
  };
};
