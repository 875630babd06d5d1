import * as E from 'fp-ts/lib/Either.js';
import { z } from 'zod';
import { decision, type DecisionChange } from '../../domain/decision/decision.decider.ts';
import { DecisionContent, Outcome, Relation } from '../../domain/decision/decision.events.ts';
import { idInput } from '../../domain/kernel/id.input.ts';
import { derived, streamOf } from '../../domain/kernel/ids.ts';
import { tenantOf } from '../../domain/kernel/tenant.ts';
import { visible } from '../../domain/kernel/visible.ts';
import type { Problem } from '../../domain/kernel/operation.ts';
import { problem } from '../../problems.ts';
import { command, type CommandContext } from '../context.ts';
import { policyInForce } from '../gate/policy-in-force.ts';
import { recall } from '../recall.ts';
import { problemOf } from '../refusals.ts';
import { checkDecision } from './check.operation.ts';
import { DecisionView, told } from './decision.view.ts';
import { recordDecision } from './record.operation.ts';

const tag = 'decisions';
const scope = 'decisions:write';
const decision_id = idInput('decision');
const exampleId = '0198d7a0-0000-7000-8000-000000000018';
const exampleTarget = '0198d7a0-0000-7000-8000-000000000019';
const problems = ['not_found', 'revision_conflict'];

/** Why there is nothing to link to; undefined where there is. */
const missingTarget = async (
  { engine: { log, catalogue, remembered } }: CommandContext,
  target_id: string,
  tenant: string,
): Promise<Problem | undefined> => {
  const found = await recall(log, catalogue, remembered, decision, streamOf('decision', target_id));
  if (E.isLeft(found)) return problemOf(found.left);
  const { last, state } = found.right;
  const counts = state.phase === 'open' || state.phase === 'reviewed';
  return last === undefined || tenantOf(last) !== tenant || !counts
    ? problem('not_found', `there is no decision ${target_id}`)
    : undefined;
};

const { description, context: situation, pattern, confidence, tags } = DecisionContent.shape;

const updateDecision = command({
  name: 'update_decision',
  kind: 'command',
  summary: 'Say a decision otherwise, or be more or less sure of it while its outcome is open',
  description:
    'Fields that are left out stay as they are; tags are replaced as a set. Reasons stay as they were recorded. ' +
    'The guardrails of the policy in force are asked of the decision as it would then be: where one blocks it or asks for an ' +
    'agreement, it stays as it was. What somebody has agreed to is not said otherwise; record another decision instead.',
  scope,
  input: z
    .strictObject({
      decision_id,
      description: visible(description).optional(),
      context: situation.optional(),
      pattern: pattern.optional(),
      confidence: confidence.optional(),
      tags: tags.optional(),
    })
    .refine(({ decision_id: _, ...change }) => Object.keys(change).length > 0, { message: 'give what changes' }),
  output: DecisionView,
  http: { method: 'PATCH', path: '/decisions/{decision_id}', tag },
  cli: 'decisions update',
  problems: [...problems, 'outcome_known', 'decision_agreed', 'agreement_needed', 'guardrail_blocked'],
  examples: [{ title: 'Less sure by now', input: { decision_id: exampleId, confidence: 0.6 } }],
  run: async (context, { decision_id: id, ...given }, call) => {
    // A field that is absent and one that is undefined mean the same to a caller.
    const said = Object.entries(given).filter(([, value]) => value !== undefined);
    const change = Object.fromEntries(said) as DecisionChange;
    const { actor: by, tenant } = call.principal;
    const { guardrails } = (await policyInForce(context.engine, tenant)).document;
    return await told(context, call, id, { type: 'UpdateDecision', change, by, guardrails });
  },
});

const addThought = command({
  name: 'add_thought',
  kind: 'command',
  summary: 'Note something about a decision',
  scope,
  input: z.strictObject({ decision_id, text: visible(z.string().min(1).max(8_000)) }),
  output: DecisionView,
  http: { method: 'POST', path: '/decisions/{decision_id}/thoughts', tag },
  cli: 'decisions think',
  problems,
  examples: [
    { title: 'A doubt', input: { decision_id: exampleId, text: 'What if the log is read more than written?' } },
  ],
  run: (context, { decision_id: id, text }, call) => {
    const thought_id = derived('thought', call.command_id);
    return told(context, call, id, { type: 'AddThought', thought_id, text, by: call.principal.actor });
  },
});

const reviewDecision = command({
  name: 'review_decision',
  kind: 'command',
  summary: 'Say how a decision came out; said again, the last word counts',
  scope,
  input: z.strictObject({ decision_id, outcome: Outcome, result: z.string().max(8_000).default('') }),
  output: DecisionView,
  http: { method: 'POST', path: '/decisions/{decision_id}/outcome', tag },
  cli: 'decisions review',
  mcp: { tool: 'decision_resolve', toolset: 'core', read_only: false, destructive: false, idempotent: true },
  problems,
  examples: [
    { title: 'It held', input: { decision_id: exampleId, outcome: 'success', result: 'a year without a lost event' } },
  ],
  run: (context, { decision_id: id, outcome, result }, call) => {
    const at = new Date(context.engine.clock.now()).toISOString();
    return told(context, call, id, { type: 'ReviewDecision', outcome, result, by: call.principal.actor, at });
  },
});

const linkDecision = command({
  name: 'link_decision',
  kind: 'command',
  summary: 'Say how a decision stands to another one',
  scope,
  input: z.strictObject({
    decision_id,
    target_id: idInput('decision'),
    relation: Relation,
    weight: z.number().min(0).max(1).default(1),
  }),
  output: DecisionView,
  http: { method: 'POST', path: '/decisions/{decision_id}/links', tag },
  cli: 'decisions link',
  problems: [...problems, 'against_itself'],
  examples: [
    {
      title: 'It takes the place of another',
      input: { decision_id: exampleId, target_id: exampleTarget, relation: 'supersedes', weight: 1 },
    },
  ],
  run: async (context, { decision_id: id, target_id, relation, weight }, call) => {
    const { actor: by, tenant } = call.principal;
    const missing = await missingTarget(context, target_id, tenant);
    if (missing !== undefined) return missing;
    const edge = { target_id, relation, weight, auto_linked: false };
    return await told(context, call, id, { type: 'LinkDecision', ...edge, by });
  },
});

export const decisionOperations = [
  recordDecision,
  checkDecision,
  updateDecision,
  addThought,
  reviewDecision,
  linkDecision,
] as const;
