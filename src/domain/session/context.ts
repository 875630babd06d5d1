import type { SectionBudgets } from '../cognition/frames.ts';
import { estimatedTokens, layOut, type Line, type SectionName } from '../cognition/sections.ts';
import { digest } from '../kernel/digest.ts';
import type { Message } from '../kernel/message.ts';
import type { CitedItem, ContextPlan, Section } from './plan.ts';
import type { Exchange } from './session.history.ts';
import type { Round } from './session.state.ts';

/** Raised when the layout of a context changes, so that a record says which layout it was. */
export const template = 'acta-context/2';

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
  system: string,
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
  return { system, messages: [...earlier, { role: 'user', content: text }] };
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

/** What memory has for a section, in the order in which it is to be read, and what was found but is left out. */
export interface Draft {
  readonly name: SectionName;
  readonly lines: readonly Line<CitedItem | null>[];
  readonly excluded?: Section['excluded'];
}

/** What a turn's context is laid out of. */
export interface Materials {
  readonly speaker: Speaker;
  readonly history: readonly Exchange[];
  readonly text: string;
  readonly tools: readonly Tool[];
  /** In the order of the sections. */
  readonly drafts: readonly Draft[];
  readonly budgets: SectionBudgets;
}

/** Of what is left beside the message, memory takes at most so much: the rest is for what was said before. */
const memoryShareMax = 0.5;
const recalled: ReadonlySet<SectionName> = new Set(['decisions', 'facts', 'procedures', 'episodes']);

/** The texts of a system prompt, one after the other: no section is interleaved with another (requirements N117). */
export const systemOf = (identity_prompt: string, texts: readonly string[]): string =>
  [identity_prompt, ...texts].filter((text) => text !== '').join('\n\n');

const bare = { turn_ids: [], budget_tokens: 0, cut: false, items: [], excluded: [] };

/** The sections that memory fills, within their budgets, the recalled ones within half of the room. */
const remembered = (
  { drafts, budgets }: Pick<Materials, 'drafts' | 'budgets'>,
  room: number,
): { readonly texts: readonly string[]; readonly sections: readonly Section[]; readonly tokens: number } => {
  const texts: string[] = [];
  const sections: Section[] = [];
  let left = room;
  let share = Math.floor(room * memoryShareMax);
  for (const { name, lines, excluded = [] } of drafts) {
    const within = recalled.has(name) ? Math.min(share, left) : left;
    const budget_tokens = Math.min(budgets[name], within);
    const { text, tokens, cut, cited, left_out } = layOut(name, lines, budget_tokens);
    if (text !== '') texts.push(text);
    left -= tokens;
    if (recalled.has(name)) share -= tokens;
    const beyond = left_out.flatMap((item) =>
      item === null ? [] : [{ kind: item.kind, id: item.id, why: 'there is no room for it in this frame' }],
    );
    sections.push({
      name,
      tokens,
      turn_ids: [],
      left_out: left_out.length,
      budget_tokens,
      cut,
      items: cited.flatMap((item) => item ?? []),
      excluded: [...excluded, ...beyond].slice(0, 100),
    });
  }
  return { texts, sections, tokens: room - left };
};

/** A plan as far as it is laid out; what the turn did beside is added by whoever did it. */
export type LaidPlan = Pick<
  ContextPlan,
  'agent_revision' | 'template' | 'model' | 'max_tokens' | 'budget_tokens' | 'sections' | 'tools' | 'request_digest'
>;

/**
 * Lays out a turn's context within the agent's budget: the identity prompt, which is never cut; what memory has, section by
 * section; what was said; and the newest earlier turns that still fit. Undefined where the identity prompt and the message
 * alone are over the budget.
 */
export const planContext = ({
  speaker,
  history,
  text,
  tools,
  drafts,
  budgets,
}: Materials): { readonly plan: LaidPlan; readonly system: string } | undefined => {
  const identity = estimatedTokens(speaker.identity_prompt);
  const input = estimatedTokens(text);
  const room = speaker.context_tokens - identity - input;
  if (room < 0) return undefined;
  const memory = remembered({ drafts, budgets }, room);
  const { turn_ids, tokens } = fitting(history, room - memory.tokens);
  const { model, max_tokens, revision } = speaker;
  const system = systemOf(speaker.identity_prompt, memory.texts);
  const request = requestOf(system, history, turn_ids, text);
  const plan = {
    agent_revision: revision,
    template,
    model,
    max_tokens,
    budget_tokens: speaker.context_tokens,
    sections: [
      { ...bare, name: 'identity', tokens: identity, left_out: 0 },
      ...memory.sections,
      { ...bare, name: 'history', tokens, turn_ids, left_out: history.length - turn_ids.length },
      { ...bare, name: 'input', tokens: input, left_out: 0 },
    ],
    tools: [...tools],
    request_digest: digestOfRequest(request, { model, max_tokens, tools }),
  };
  return { plan, system };
};
