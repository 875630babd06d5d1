import type { Event } from '../../domain/kernel/event.ts';
import type { SessionEvent } from '../../domain/session/session.events.ts';

type Of<Type extends SessionEvent['type']> = Extract<SessionEvent, { type: Type }>;
type Answered = Of<'ModelReplied' | 'SessionReflected'>;
type Unanswered = Of<'ModelRetryScheduled' | 'ModelFailed' | 'ReflectionRetryScheduled' | 'ReflectionFailed'>;

export type ModelEvent = Answered | Unanswered;

const microsPerUsd = 1_000_000;

const isAnswered = ({ type }: Event): boolean => type === 'ModelReplied' || type === 'SessionReflected';
const unanswered: ReadonlySet<string> = new Set([
  'ModelRetryScheduled',
  'ModelFailed',
  'ReflectionRetryScheduled',
  'ReflectionFailed',
] satisfies Unanswered['type'][]);

const isModelEvent = (event: Event): event is ModelEvent => isAnswered(event) || unanswered.has(event.type);

/**
 * Which artifacts a call leaves. A failure without a `call` leaves none: no model was asked, or it is an older event, which
 * does not say.
 */
export const artifactsOfCall = (event: ModelEvent): readonly string[] => {
  if (isAnswered(event)) return ['llm_call', 'llm_usage'];
  return event.data.call === null ? [] : ['llm_call'];
};

/** What the call was about: a turn, or the end of a session. */
const aboutOf = ({ data }: ModelEvent) => ({
  session_id: data.session_id,
  turn_id: 'turn_id' in data ? data.turn_id : null,
  attempt: data.attempt,
});

/** How it was asked; older events do not say. */
const askedOf = ({ data: { call } }: ModelEvent) => ({
  max_tokens: call?.max_tokens ?? null,
  temperature: call?.temperature ?? null,
  messages: call?.messages ?? null,
});

const failed = (event: Unanswered) => ({
  ...aboutOf(event),
  ...askedOf(event),
  provider: event.data.call?.provider ?? null,
  model: event.data.call?.model ?? null,
  status: 'failed',
  error_type: event.data.fault,
  latency_ms: event.data.call?.latency_ms ?? null,
});

const answered = (event: Answered) => {
  const { provider, model, latency_ms, text, truncated } = event.data;
  const uses = 'tool_uses' in event.data ? event.data.tool_uses.length : 0;
  const stop_reason = 'stop_reason' in event.data ? event.data.stop_reason : null;
  const answer = { chars: text.length, truncated, tool_uses: uses, stop_reason };
  const about = { ...aboutOf(event), ...askedOf(event) };
  return { ...about, provider, model, status: 'succeeded', error_type: null, latency_ms, answer };
};

const usageOf = (event: Answered) => {
  const { provider, model, latency_ms, usage, cost_micros } = event.data;
  const { input_tokens, output_tokens } = usage;
  const estimated_cost_usd = cost_micros === null ? null : cost_micros / microsPerUsd;
  const tokens = { input_tokens, output_tokens, total_tokens: input_tokens + output_tokens };
  return { ...aboutOf(event), provider, model, latency_ms, ...tokens, estimated_cost_usd };
};

/**
 * What is kept of a call of a model as an artifact: numbers and names, never what was said (requirements D68, D69, D72).
 * Undefined where the event leaves no artifact of this type. Costs are in US dollars, null where nobody knows the price.
 */
export const modelCallRecord = (event: Event, type: string): Readonly<Record<string, unknown>> | undefined => {
  if (!isModelEvent(event) || !artifactsOfCall(event).includes(type)) return undefined;
  if (event.type !== 'ModelReplied' && event.type !== 'SessionReflected') return failed(event);
  return type === 'llm_usage' ? usageOf(event) : answered(event);
};
