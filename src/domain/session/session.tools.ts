import { isLike } from '../gate/conditions.ts';
import { digest } from '../kernel/digest.ts';
import { derived } from '../kernel/ids.ts';
import type { Outcome } from '../kernel/process.ts';
import type { Proposed, Reply } from './session.commands.ts';
import * as Events from './session.events.ts';
import type { SessionEvent } from './session.events.ts';
import { openCalls, type SessionState, type ToolCall, type Turn } from './session.state.ts';

/** A model is called at most so often in a turn because of tools (requirements N153). */
export const roundsMax = 10;
const contentCharsMax = 16_000;

const ids = ({ session_id }: SessionState, { turn_id }: Turn) => ({ session_id, turn_id });

/**
 * The directive that a tool call becomes. A model may use one id in two rounds of a turn, for two different calls: they are
 * two directives.
 */
export const directiveOfCall = (session_id: string, turn_id: string, round: number, tool_use_id: string): string =>
  derived('directive', session_id, turn_id, round, tool_use_id);

/** What an agent can do with its memory. These are no capabilities: they change nothing but what it remembers (requirements N153). */
export const memoryTools = ['create_censor', 'learn_fact', 'recall', 'record_decision'] as const;
export type MemoryTool = (typeof memoryTools)[number];
export const isMemoryTool = (name: string): name is MemoryTool => (memoryTools as readonly string[]).includes(name);

/** Whether an agent is offered a capability. */
export const isOffered = (patterns: readonly string[], capability_id: string): boolean =>
  patterns.some((pattern) => isLike(pattern, capability_id));

const rejected = (state: SessionState, turn: Turn, tool_use_id: string, content: string): SessionEvent =>
  Events.ToolCallEnded({ ...ids(state, turn), tool_use_id, directive_id: null, outcome: 'rejected', content });

/** What the n-th call of the model in a turn is sent, by digest: the plan, and what its tools came to. */
const digestOf = ({ plan, rounds }: Turn): string => digest({ plan: plan?.request_digest ?? '', rounds });

/** Once no call is open the model hears of all of them, and goes on. */
const calledOn = (state: SessionState, turn: Turn): readonly SessionEvent[] => {
  if (openCalls(turn).length > 0) return [];
  const round = turn.rounds.length + 1;
  return [Events.ModelCalled({ ...ids(state, turn), attempt: 1, round, request_digest: digestOf(turn) })];
};

const withEnd = (turn: Turn, tool_use_id: string, content: string): Turn => {
  const ended = { outcome: '', content };
  const rounds = turn.rounds.map((round, index) =>
    index === turn.rounds.length - 1
      ? { ...round, calls: round.calls.map((call) => (call.tool_use_id === tool_use_id ? { ...call, ended } : call)) }
      : round,
  );
  return { ...turn, rounds };
};

/**
 * What follows where the model wanted tools. A name that was not offered, or one id for two calls, leads to nothing but a
 * word to the model; after too many rounds the turn fails. Empty where it wanted none.
 */
export const toolsWanted = (state: SessionState, turn: Turn, { tool_uses, text }: Reply): readonly SessionEvent[] => {
  if (tool_uses.length === 0) return [];
  const of = ids(state, turn);
  const round = turn.rounds.length + 1;
  const calls = tool_uses.map(({ id, name, input }) => ({ tool_use_id: id, capability_id: name, args: input }));
  const requested = Events.ToolsRequested({ ...of, round, calls });
  if (round > roundsMax) {
    const message = `the model wanted tools more than ${roundsMax} times in a turn`;
    return [
      requested,
      Events.ModelFailed({ ...of, attempt: turn.attempt, fault: 'tool_rounds_exceeded', message, call: null }),
    ];
  }
  const offered = new Set(turn.plan?.tools.map(({ capability_id }) => capability_id));
  const refusals = new Map<string, string>();
  for (const { tool_use_id, capability_id } of calls) {
    if (!offered.has(capability_id)) refusals.set(tool_use_id, 'there is no such tool');
    if (calls.filter((other) => other.tool_use_id === tool_use_id).length > 1)
      refusals.set(tool_use_id, 'two calls have this id');
  }
  const ends = [...refusals].map(([tool_use_id, why]) => rejected(state, turn, tool_use_id, why));
  const open = calls.map((call): ToolCall => ({ ...call, directive_id: null, ended: null }));
  let after: Turn = { ...turn, rounds: [...turn.rounds, { text, calls: open }] };
  for (const [tool_use_id, why] of refusals) after = withEnd(after, tool_use_id, why);
  return [requested, ...ends, ...calledOn(state, after)];
};

/** What became of a proposal: a directive that goes its way, or an end at once. */
export const proposedCall = (
  state: SessionState,
  turn: Turn,
  tool_use_id: string,
  outcome: Outcome<Proposed>,
): readonly SessionEvent[] => {
  if (!openCalls(turn).some((call) => call.tool_use_id === tool_use_id)) return [];
  if (outcome.ok && !outcome.result.blocked) {
    const { directive_id, approval_id } = outcome.result;
    return [Events.ToolCallProposed({ ...ids(state, turn), tool_use_id, directive_id, approval_id })];
  }
  const content = outcome.ok
    ? `policy_denied: ${outcome.result.reasons.join('; ')}`
    : `${outcome.failure.code}: ${outcome.failure.message}`;
  const said = content.slice(0, contentCharsMax);
  const directive_id = outcome.ok ? outcome.result.directive_id : null;
  const end = Events.ToolCallEnded({
    ...ids(state, turn),
    tool_use_id,
    directive_id,
    outcome: outcome.ok || outcome.failure.code === 'censored' ? 'blocked' : 'rejected',
    content: said,
  });
  return [end, ...calledOn(state, withEnd(turn, tool_use_id, said))];
};

/** A directive has come to its end; one that nobody waits for any more is taken no notice of. */
export const endedCall = (
  state: SessionState,
  turn: Turn,
  {
    tool_use_id,
    directive_id,
    outcome,
    content,
  }: {
    readonly tool_use_id: string;
    readonly directive_id: string;
    readonly outcome: 'completed' | 'failed' | 'blocked' | 'canceled';
    readonly content: string;
  },
): readonly SessionEvent[] => {
  const { session_id } = state;
  // The end of another round's call of the same id is no end of this one.
  if (directive_id !== directiveOfCall(session_id, turn.turn_id, turn.rounds.length, tool_use_id)) return [];
  if (!openCalls(turn).some((call) => call.tool_use_id === tool_use_id)) return [];
  const end = Events.ToolCallEnded({ ...ids(state, turn), tool_use_id, directive_id, outcome, content });
  return [end, ...calledOn(state, withEnd(turn, tool_use_id, content))];
};

/** A tool of memory has answered. A fault is said to the model, who may do otherwise. */
export const rememberedCall = (
  state: SessionState,
  turn: Turn,
  tool_use_id: string,
  outcome: Outcome<string>,
): readonly SessionEvent[] => {
  if (!openCalls(turn).some((call) => call.tool_use_id === tool_use_id)) return [];
  const content = outcome.ok ? outcome.result : `${outcome.failure.code}: ${outcome.failure.message}`;
  const said = content.slice(0, contentCharsMax).toWellFormed();
  const how = outcome.ok ? 'completed' : outcome.failure.code === 'blocked' ? 'blocked' : 'failed';
  const end = { ...ids(state, turn), tool_use_id, directive_id: null, outcome: how, content: said } as const;
  return [Events.ToolCallEnded(end), ...calledOn(state, withEnd(turn, tool_use_id, said))];
};
