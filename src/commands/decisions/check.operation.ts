import { z } from 'zod';
import { DecisionContent } from '../../domain/decision/decision.events.ts';
import { FiredGuardrail } from '../../domain/gate/guardrail.ts';
import { command } from '../context.ts';
import { judgeDecision } from './judge-decision.ts';

const { description, stakes, confidence, tags, reasons, pattern, context } = DecisionContent.shape;

/** What guardrails said, as a caller sees it (requirements N53). */
export const GuardrailsShown = z.object({
  allowed: z.boolean().meta({ description: 'It may be recorded at once: not blocked, and nobody has to agree first.' }),
  blocked_by: z.array(z.string()),
  warnings: z.array(z.string()),
  needs_approval: z.array(z.string()),
  fired: z.array(FiredGuardrail),
  policy_version: z.int(),
});

/**
 * Whoever only asks leaves nothing: the counters of guardrails count decisions that met them, and a question that could be
 * asked a thousand times would drown those.
 */
export const checkDecision = command({
  name: 'check_decision',
  kind: 'command',
  summary: 'What the guardrails of the policy in force say of a decision, before it is recorded; nothing is recorded',
  scope: 'decisions:read',
  input: z.strictObject({
    description,
    stakes,
    confidence,
    tags: tags.default([]),
    reasons: reasons.default([]),
    pattern: pattern.default(null),
    context: context.default(null),
  }),
  output: GuardrailsShown.extend({ quality_score: z.number() }),
  http: { method: 'POST', path: '/decisions/check', tag: 'decisions' },
  cli: 'decisions check',
  mcp: { tool: 'check_decision', read_only: true, destructive: false, idempotent: true },
  examples: [
    {
      title: 'Would this be let through?',
      input: {
        description: 'Move the record to another store.',
        stakes: 'critical',
        confidence: 0.7,
        tags: ['storage'],
        reasons: [{ type: 'constraint', text: 'the old one is no longer served' }],
        pattern: null,
        context: null,
      },
    },
  ],
  run: async ({ engine }, content, { principal: { tenant } }) => {
    const { guardrails, quality, ...verdict } = await judgeDecision(engine, tenant, content);
    const { blocked_by, warnings, needs_approval } = verdict;
    return {
      output: {
        allowed: verdict.allowed,
        blocked_by: [...blocked_by],
        warnings: [...warnings],
        needs_approval: [...needs_approval],
        fired: guardrails.fired,
        policy_version: guardrails.policy_version,
        quality_score: quality,
      },
    };
  },
});
