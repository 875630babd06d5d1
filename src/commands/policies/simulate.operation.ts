import { z } from 'zod';
import { Decision, PolicyDocument } from '../../domain/gate/policy.document.ts';
import { Question } from '../../domain/gate/question.ts';
import { isProblem } from '../../domain/kernel/operation.ts';
import { problem } from '../../problems.ts';
import { command } from '../context.ts';
import { nowInForce, policyNamed } from './policies.operations.ts';
import { backTested, simulated } from './simulate.ts';

const replayMax = 10_000;
const questionsMax = 100;

const Outcome = z.object({
  verdict_id: z.string().nullable(),
  capability_id: z.string(),
  before: Decision.nullable(),
  after: Decision,
  rule_before: z.string().nullable(),
  rule_after: z.string().nullable(),
  reason: z.string(),
  changed: z.boolean(),
});

export const simulatePolicy = command({
  name: 'simulate_policy',
  kind: 'command',
  summary: 'What another policy would say: of calls you name, or of everything that was judged',
  description:
    'With `actions`, both policies are asked about them. With `replay_last`, recorded verdicts are replayed under the draft, ' +
    'with the questions and specs of then, and every changed outcome is listed. Nothing is recorded.',
  scope: 'policies:read',
  input: z.strictObject({
    policy_version: z.int().min(1).optional(),
    document: PolicyDocument.optional(),
    source: z.string().max(131_072).optional(),
    actions: z.array(Question).max(questionsMax).default([]),
    replay_last: z.int().min(0).max(replayMax).default(0),
    capability_id: z.string().max(100).nullable().default(null),
  }),
  output: z.object({
    asked: z.int(),
    changed: z.array(Outcome),
    actions: z.array(Outcome),
    summary: z.record(z.string(), z.int()),
  }),
  http: { method: 'POST', path: '/policies/simulate', tag: 'policies' },
  cli: 'policies simulate',
  mcp: { tool: 'policy_simulate', toolset: 'ops', read_only: true, destructive: false, idempotent: true },
  problems: ['not_found', 'validation_failed'],
  examples: [
    { title: 'A draft over the last thousand verdicts', input: { policy_version: 2, replay_last: 1_000 } as never },
  ],
  run: async (context, { actions, replay_last, capability_id, ...named }, call) => {
    if (named.policy_version !== undefined && (named.document !== undefined || named.source !== undefined))
      return problem('validation_failed', 'either a version or a policy that is sent along');
    const after = await policyNamed(context, call, named);
    if (isProblem(after)) return after;
    const before = await nowInForce(context, call);
    const asked = await simulated(context.gate.registry, before, after, actions);
    const recorded =
      replay_last === 0 ? [] : await context.recordedVerdicts(call.principal.tenant, replay_last, capability_id);
    const replayed = await backTested(context.engine, after, recorded);
    const all = [...asked, ...replayed];
    const summary: Record<string, number> = {};
    for (const { before: old, after: now } of all) summary[`${old} → ${now}`] = (summary[`${old} → ${now}`] ?? 0) + 1;
    return {
      output: { asked: all.length, changed: replayed.filter(({ changed }) => changed), actions: [...asked], summary },
    };
  },
});
