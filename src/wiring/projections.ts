import type { Projection } from '../projections/projection.ts';
import { agents } from '../projections/agents/agents.projection.ts';
import { approvals } from '../projections/approvals/approvals.projection.ts';
import { artifacts } from '../projections/artifacts/artifacts.projection.ts';
import { budgetReservations } from '../projections/budgets/budget-reservations.projection.ts';
import { budgets } from '../projections/budgets/budgets.projection.ts';
import { capabilities } from '../projections/capabilities/capabilities.projection.ts';
import { frameUses } from '../projections/cognition/frame-uses.projection.ts';
import { decisionLinks } from '../projections/decisions/decision-links.projection.ts';
import { decisionReviews } from '../projections/decisions/decision-reviews.projection.ts';
import { decisions } from '../projections/decisions/decisions.projection.ts';
import { guardrailActivations } from '../projections/guardrails/guardrail-activations.projection.ts';
import { facts } from '../projections/facts/facts.projection.ts';
import { episodes } from '../projections/episodes/episodes.projection.ts';
import { procedures } from '../projections/procedures/procedures.projection.ts';
import { censors } from '../projections/censors/censors.projection.ts';
import { workingMemories } from '../projections/working-memories/working-memories.projection.ts';
import { memoryItems } from '../projections/memory/memory-items.projection.ts';
import { directives } from '../projections/directives/directives.projection.ts';
import { eventIndex } from '../projections/events/event-index.projection.ts';
import { grants } from '../projections/grants/grants.projection.ts';
import { keys } from '../projections/keys/keys.projection.ts';
import { policies } from '../projections/policies/policies.projection.ts';
import { policyVersions } from '../projections/policies/policy-versions.projection.ts';
import { runs } from '../projections/runs/runs.projection.ts';
import { steps } from '../projections/runs/steps.projection.ts';
import { sessions } from '../projections/sessions/sessions.projection.ts';
import { streams } from '../projections/streams/streams.projection.ts';
import { turns } from '../projections/turns/turns.projection.ts';
import { verdicts } from '../projections/verdicts/verdicts.projection.ts';

/** Every read model there is. */
export const projections: readonly Projection[] = [
  agents,
  sessions,
  turns,
  keys,
  capabilities,
  policies,
  policyVersions,
  directives,
  approvals,
  grants,
  runs,
  steps,
  verdicts,
  budgets,
  budgetReservations,
  artifacts,
  decisions,
  decisionLinks,
  decisionReviews,
  guardrailActivations,
  memoryItems,
  frameUses,
  facts,
  episodes,
  procedures,
  censors,
  workingMemories,
  streams,
  eventIndex,
];
