import { z } from 'zod';
import { Stakes } from '../../domain/decision/decision.events.ts';
import { idInput } from '../../domain/kernel/id.input.ts';
import { isProblem } from '../../domain/kernel/operation.ts';
import { command } from '../context.ts';
import { ownSession } from './own-session.ts';
import { scope, session_id } from './sessions.operations.ts';
import { TurnResult } from './turn-result.ts';
import { answer, answerMsMax, message, talkProblems } from './turns.operations.ts';

/** How a question is put to the agent (requirements 1.7). */
export const questionPut = (question: string, stakes: z.infer<typeof Stakes>): string =>
  `Decision (stakes: ${stakes}): ${question}`;

const { response, turn_id, status, frame, decision_id } = TurnResult.shape;

export const decide = command({
  name: 'decide',
  kind: 'command',
  summary: 'Ask an agent for a decision, and hear what it decides',
  description:
    'The question is put in a session of its own for each caller, unless one is named. It only answers: nothing is done.',
  scope,
  input: z.strictObject({
    question: message,
    stakes: Stakes.default('medium'),
    session_id: session_id.optional(),
    agent_id: idInput('agent').optional(),
  }),
  output: z.object({
    response,
    decision_id,
    frame,
    stakes: Stakes,
    session_id: TurnResult.shape.session_id,
    turn_id,
    status,
  }),
  http: { method: 'POST', path: '/decide', tag: 'chat' },
  mcp: {
    tool: 'decide',
    toolset: 'core',
    read_only: false,
    destructive: false,
    idempotent: false,
    open_world: true,
  },
  problems: talkProblems,
  examples: [{ title: 'Of high stakes', input: { question: 'Do we ship on Friday?', stakes: 'high' } }],
  time_ms_max: answerMsMax,
  run: async (context, { question, stakes, ...where }, call) => {
    const spoken = {
      session_id: where.session_id ?? (await ownSession(context, call, 'decide', where.agent_id)),
      agent_id: where.agent_id,
      message: questionPut(question, stakes),
      open: true,
    };
    const answered = await answer(context, spoken, call);
    if (isProblem(answered)) return answered;
    const { output: said, ...rest } = answered;
    const output = {
      response: said.response,
      decision_id: said.decision_id,
      frame: said.frame,
      stakes,
      session_id: said.session_id,
      turn_id: said.turn_id,
      status: said.status,
    };
    return { ...rest, output };
  },
});
