import type { Kysely } from 'kysely';
import type { Catalogue } from '../domain/kernel/catalogue.ts';
import { isProblem, operation, type Operation, type Problem } from '../domain/kernel/operation.ts';
import type { BlobStore, EventLog } from '../ports.ts';
import { problem } from '../problems.ts';
import type { AgentRow } from './agents/agents.projection.ts';
import type { ApprovalRow } from './approvals/approvals.projection.ts';
import type { ArtifactRow } from './artifacts/artifacts.projection.ts';
import type { BudgetReservationRow } from './budgets/budget-reservations.projection.ts';
import type { BudgetRow } from './budgets/budgets.projection.ts';
import type { CapabilityRow } from './capabilities/capabilities.projection.ts';
import type { DecisionLinkRow } from './decisions/decision-links.projection.ts';
import type { DecisionReviewRow } from './decisions/decision-reviews.projection.ts';
import type { DecisionRow } from './decisions/decisions.projection.ts';
import type { DirectiveRow } from './directives/directives.projection.ts';
import type { EventRow } from './events/event-index.projection.ts';
import type { FrameUseRow } from './cognition/frame-uses.projection.ts';
import type { GrantRow } from './grants/grants.projection.ts';
import type { GuardrailActivationRow } from './guardrails/guardrail-activations.projection.ts';
import type { FactRow } from './facts/facts.projection.ts';
import type { EpisodeRow } from './episodes/episodes.projection.ts';
import type { ProcedureRow } from './procedures/procedures.projection.ts';
import type { CensorRow } from './censors/censors.projection.ts';
import type { WorkingMemoryRow } from './working-memories/working-memories.projection.ts';
import type { MemoryItemRow } from './memory/memory-items.projection.ts';
import type { KeyRow } from './keys/keys.projection.ts';
import type { PolicyRow } from './policies/policies.projection.ts';
import type { PolicyVersionRow } from './policies/policy-versions.projection.ts';
import type { RunRow } from './runs/run.row.ts';
import type { StepRow } from './runs/step.row.ts';
import type { SessionRow } from './sessions/sessions.projection.ts';
import type { StreamRow } from './streams/streams.projection.ts';
import type { TurnRow } from './turns/turns.projection.ts';
import type { VerdictRow } from './verdicts/verdicts.projection.ts';

/** The served tables, as those who ask see them. */
export interface ReadModels {
  readonly agents: AgentRow;
  readonly sessions: SessionRow;
  readonly turns: TurnRow;
  readonly keys: KeyRow;
  readonly streams: StreamRow;
  readonly event_index: EventRow;
  readonly capabilities: CapabilityRow;
  readonly policies: PolicyRow;
  readonly policy_versions: PolicyVersionRow;
  readonly directives: DirectiveRow;
  readonly verdicts: VerdictRow;
  readonly approvals: ApprovalRow;
  readonly grants: GrantRow;
  readonly runs: RunRow;
  readonly steps: StepRow;
  readonly budgets: BudgetRow;
  readonly budget_reservations: BudgetReservationRow;
  readonly artifacts: ArtifactRow;
  readonly decisions: DecisionRow;
  readonly decision_links: DecisionLinkRow;
  readonly decision_reviews: DecisionReviewRow;
  readonly guardrail_activations: GuardrailActivationRow;
  readonly memory_items: MemoryItemRow;
  readonly frame_uses: FrameUseRow;
  readonly facts: FactRow;
  readonly episodes: EpisodeRow;
  readonly procedures: ProcedureRow;
  readonly censors: CensorRow;
  readonly working_memories: WorkingMemoryRow;
}

/** What questions are answered with. */
export interface QueryContext {
  /** The agent that is meant where a caller names none (requirements N7). */
  readonly default_agent_id: string;
  readonly log: EventLog;
  readonly catalogue: Catalogue;
  readonly blobs: Pick<BlobStore, 'get'>;
  /** Asks the served tables. A table that is being swapped at this moment is asked again once (assurance F08). */
  readonly ask: <T>(question: (db: Kysely<ReadModels>) => Promise<T>) => Promise<T>;
  /** Which version of a read model is served here, and up to which position it was folded. */
  readonly served: (name: string) => { readonly version: number; readonly position: bigint } | undefined;
}

const asked = operation<QueryContext>();

/**
 * A question. Its answer says which version of the read model it comes from, and up to which position that was folded at
 * least: that is asked before the question is, for what is folded in between is more than what was promised, never less.
 */
export const query = <Input, Output>(
  definition: Operation<Input, Output, QueryContext>,
): Operation<Input, Output, QueryContext> => {
  const { reads, run } = definition;
  if (reads === undefined) return asked(definition);
  return asked({
    ...definition,
    run: async (context, input, call) => {
      const from = context.served(reads);
      const answer = await run(context, input, call);
      if (isProblem(answer)) return answer;
      if (from === undefined) return { ...answer, projection: reads };
      return { ...answer, projection: `${reads}@${from.version}`, position: from.position };
    },
  });
};

export const missing = (noun: string, id: string): Problem => problem('not_found', `there is no ${noun} ${id}`);
