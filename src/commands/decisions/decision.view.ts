import * as E from 'fp-ts/lib/Either.js';
import { z } from 'zod';
import { decision, type DecisionCommand, type DecisionState } from '../../domain/decision/decision.decider.ts';
import { outcomes } from '../../domain/decision/decision.events.ts';
import { qualityOf } from '../../domain/decision/decision.quality.ts';
import { verdictOf } from '../../domain/gate/guardrail.ts';
import { streamOf } from '../../domain/kernel/ids.ts';
import type { Answer, Call, Problem } from '../../domain/kernel/operation.ts';
import { problem } from '../../problems.ts';
import { ask, type CommandContext } from '../context.ts';
import type { Receipt } from '../execute.ts';

export const DecisionView = z.object({
  decision_id: z.uuid(),
  status: z.enum(['proposed', 'open', 'reviewed', 'rejected']).meta({
    description: '`proposed`: a guardrail asks for an agreement, and the decision counts once it is given.',
  }),
  outcome: z.enum(['pending', ...outcomes]),
  confidence: z.number(),
  quality_score: z.number(),
  warnings: z.array(z.string()).meta({ description: 'Guardrails that warned when it was recorded.' }),
  approval_id: z.uuid().nullable().meta({ description: 'What it waits for, or was agreed to by.' }),
  revision: z.int(),
});

const view = ({ state, revision }: Receipt<DecisionState>): z.infer<typeof DecisionView> => {
  const { decision_id: id, phase, content, outcome, proposal, guardrails } = state;
  if (content === null || phase === 'unrecorded' || phase === 'blocked')
    throw new Error('a decision that was commanded was recorded');
  return {
    decision_id: id,
    status: phase,
    outcome: outcome ?? 'pending',
    confidence: content.confidence,
    quality_score: qualityOf(content),
    warnings: [...verdictOf(guardrails?.fired ?? []).warnings],
    approval_id: proposal?.approval.approval_id ?? null,
    revision,
  };
};

/** What was tried is on the record, and is no decision. */
const blockedBy = ({ decision_id: id, guardrails }: DecisionState): Problem => {
  const fired = guardrails?.fired ?? [];
  const { blocked_by, warnings, needs_approval } = verdictOf(fired);
  return problem('guardrail_blocked', `blocked by ${blocked_by.join(', ')}`, {
    more: { decision_id: id, blocked_by, warnings, needs_approval, fired },
  });
};

/** Asks a decision something, and tells how it stands then. */
export const told = async (
  context: CommandContext,
  call: Call,
  id: string,
  asked: DecisionCommand,
): Promise<Answer<z.infer<typeof DecisionView>> | Problem> => {
  const outcome = await ask(context, call, decision, streamOf('decision', id), asked, { guarded: true });
  if (E.isLeft(outcome)) return outcome.left;
  const { state, revision, position } = outcome.right;
  return state.phase === 'blocked' ? blockedBy(state) : { output: view(outcome.right), revision, position };
};
