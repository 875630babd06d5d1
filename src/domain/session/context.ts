import { digest } from '../kernel/digest.ts';
import type { Message } from '../kernel/message.ts';
import type { ContextPlan } from './session.events.ts';
import type { Exchange, Round } from './session.state.ts';

/** Raised when the layout of a context changes, so that a record says which layout it was. */
export const template = 'acta-context/1';

const charsPerToken = 4;

/** The estimate all budgets are kept in: four characters a token (requirements C46). */
export const estimatedTokens = (text: string): number => Math.ceil(text.length / charsPerToken);

/** The agent as a turn sees it. */
export interface Speaker {
  readonly revision: number;
  readonly identity_prompt: string;
  readonly model: string | null;
  readonly max_tokens: number;
  readonly context_tokens: number;
}

/** A tool as a context plan cites it. */
export type Tool = ContextPlan['tools'][number];

export interface AssembledRequest {
  readonly system: string;
  readonly messages: readonly Message[];
}

/** The name of a request: what is said, to which model, with which tools in reach. */
export const digestOfRequest = (
  request: AssembledRequest,
  { model, max_tokens, tools }: Pick<ContextPlan, 'model' | 'max_tokens'> & { readonly tools: readonly Tool[] },
): string => digest({ ...request, model, max_tokens, ...(tools.length === 0 ? {} : { tools }) });

/** What a model is sent, from what the log holds and which turns the plan quotes. The same plan always gives the same request. */
export const requestOf = (
  identity_prompt: string,
  history: readonly Exchange[],
  quoted: readonly string[],
  text: string,
): AssembledRequest => {
  const wanted = new Set(quoted);
  const earlier = history
    .filter(({ turn_id }) => wanted.has(turn_id))
    .flatMap(({ text: said, reply }): readonly Message[] => [
      { role: 'user', content: said },
      { role: 'assistant', content: reply },
    ]);
  return { system: identity_prompt, messages: [...earlier, { role: 'user', content: text }] };
};

/** What was wanted in a round, and what came of it: the model's own blocks, and the answers to them. */
export const messagesOf = (rounds: readonly Round[]): readonly Message[] =>
  rounds.flatMap(({ text, calls }): readonly Message[] => [
    {
      role: 'assistant',
      content: [
        ...(text === '' ? [] : [{ type: 'text' as const, text }]),
        ...calls.map(({ tool_use_id, capability_id, args }) => ({
          type: 'tool_use' as const,
          id: tool_use_id,
          name: capability_id,
          input: args,
        })),
      ],
    },
    {
      role: 'user',
      content: calls.map(({ tool_use_id, capability_id, ended }) => ({
        type: 'tool_result' as const,
        tool_use_id,
        name: capability_id,
        content: ended?.content ?? '',
        is_error: ended?.outcome !== 'completed',
      })),
    },
  ]);

/** The newest turns that fit, in the order they were spoken. A gap in the talk would mislead, so the first that does not fit ends it. */
const fitting = (
  history: readonly Exchange[],
  budget: number,
): { readonly turn_ids: string[]; readonly tokens: number } => {
  const turn_ids: string[] = [];
  let tokens = 0;
  for (const { turn_id, text, reply } of history.toReversed()) {
    const cost = estimatedTokens(text) + estimatedTokens(reply);
    if (reply.trim() === '' || tokens + cost > budget) break;
    tokens += cost;
    turn_ids.unshift(turn_id);
  }
  return { turn_ids, tokens };
};

/**
 * Lays out a turn's context within the agent's budget: the identity prompt, what was said, and the newest earlier turns
 * that still fit. Undefined where the identity prompt and the message alone are over the budget.
 */
export const planContext = (
  speaker: Speaker,
  history: readonly Exchange[],
  text: string,
  tools: readonly Tool[] = [],
): ContextPlan | undefined => {
  const identity = estimatedTokens(speaker.identity_prompt);
  const input = estimatedTokens(text);
  const room = speaker.context_tokens - identity - input;
  if (room < 0) return undefined;
  const { turn_ids, tokens } = fitting(history, room);
  const { model, max_tokens, revision } = speaker;
  const request = requestOf(speaker.identity_prompt, history, turn_ids, text);
  return {
    agent_revision: revision,
    template,
    model,
    max_tokens,
    budget_tokens: speaker.context_tokens,
    sections: [
      { name: 'identity', tokens: identity, turn_ids: [], left_out: 0 },
      { name: 'history', tokens, turn_ids, left_out: history.length - turn_ids.length },
      { name: 'input', tokens: input, turn_ids: [], left_out: 0 },
    ],
    tools: [...tools],
    request_digest: digestOfRequest(request, { model, max_tokens, tools }),
  };
};
