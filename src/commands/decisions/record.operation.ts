import { z } from 'zod';
import { DecisionContent } from '../../domain/decision/decision.events.ts';
import { idInput } from '../../domain/kernel/id.input.ts';
import { derived } from '../../domain/kernel/ids.ts';
import { visible } from '../../domain/kernel/visible.ts';
import { command } from '../context.ts';
import { missing } from '../there.ts';
import { askerOf } from '../gate/asker.ts';
import { DecisionView, told } from './decision.view.ts';
import { guardOf } from './judge-decision.ts';

const { description, context: situation, pattern, confidence, tags, category, stakes, reasons } = DecisionContent.shape;

export const recordDecision = command({
  name: 'record_decision',
  kind: 'command',
  summary: 'Record what is decided, how sure you are of it, and why, before you know how it comes out',
  description:
    'The guardrails of the policy in force are asked first. One that blocks refuses it, and what was tried stays on the record; ' +
    'one that asks for an agreement leaves it `proposed` until somebody has decided about `approval_id`.',
  scope: 'decisions:write',
  input: z.strictObject({
    agent_id: idInput('agent').optional(),
    session_id: idInput('session').nullable().default(null),
    description: visible(description),
    confidence,
    category,
    stakes,
    context: situation.default(null),
    pattern: pattern.default(null),
    tags: tags.default([]),
    reasons: reasons.default([]),
  }),
  output: DecisionView,
  http: { method: 'POST', path: '/decisions', tag: 'decisions' },
  cli: 'decisions record',
  mcp: { tool: 'record_decision', read_only: false, destructive: false, idempotent: false },
  problems: ['guardrail_blocked', 'not_found'],
  examples: [
    {
      title: 'A way to store events',
      input: {
        session_id: null,
        description: 'Append to one log and fold read models from it.',
        confidence: 0.8,
        category: 'architecture',
        stakes: 'high',
        context: 'Replay is how an audit is done.',
        pattern: 'event sourcing',
        tags: ['storage'],
        reasons: [{ type: 'analysis', text: 'every other way keeps two truths' }],
      },
    },
  ],
  run: async (context, { agent_id = context.default_agent_id, session_id, ...content }, call) => {
    const { actor: by, tenant } = call.principal;
    const absent = await missing(context, tenant, { agent_id, session_id });
    if (absent !== undefined) return absent;
    const id = derived('decision', call.command_id);
    const requested_by = askerOf(call.principal, agent_id);
    const guard = await guardOf(context.engine, tenant, { decision_id: id, content, requested_by });
    const asked = { type: 'RecordDecision', decision_id: id, agent_id, session_id, content, by, guard } as const;
    const answer = await told(context, call, id, asked);
    if (!('output' in answer)) return answer;
    return { ...answer, status: answer.output.status === 'proposed' ? 202 : 201, location: `/decisions/${id}` };
  },
});
