import { z } from 'zod';
import { event, type Occurrence } from '../kernel/event.ts';
import { FailedCall, ModelCall } from './model-call.ts';
import { ContextPlan, StageReport } from './plan.ts';

const id = z.uuid();
const turn = { session_id: id, turn_id: id };
const tokens = z.int().nonnegative();
const instant = z.iso.datetime();
const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);
const fault = z.string().min(1).max(100);
const attempt = z.int().min(1).max(100);
/** How the model was asked; null where none was, and where an older event does not say. */
const call = ModelCall.nullable().default(null);
const failedCall = FailedCall.nullable().default(null);

export const Usage = z.strictObject({
  input_tokens: tokens,
  output_tokens: tokens,
  cache_read_tokens: tokens,
  cache_write_tokens: tokens,
});

/** A turn that may be quoted, and where its record begins: what was said in it stays in the stream in which it was said. */
export const CitedTurn = z.strictObject({ session_id: z.uuid(), turn_id: z.uuid(), revision: z.int().nonnegative() });
export type CitedTurn = z.infer<typeof CitedTurn>;

/** What a fork goes on from: a session, the turn after which the two part, and the revision at which that turn was completed. */
export const Origin = z.strictObject({ session_id: z.uuid(), turn_id: z.uuid(), revision: z.int().nonnegative() });
export type Origin = z.infer<typeof Origin>;

/** `origin` is that of a fork, and `inherited` are the turns before it that the fork may quote: cited, never copied. */
export const SessionOpened = event(
  'SessionOpened',
  z.object({
    session_id: id,
    agent_id: id,
    title: z.string().max(200).nullable(),
    origin: Origin.nullable().default(null),
    inherited: z.array(CitedTurn).max(10).default([]),
  }),
);
export const TurnReceived = event(
  'TurnReceived',
  z.object({ ...turn, agent_id: id, ordinal: z.int().positive(), text: z.string().min(1) }),
  { personal: ['text'] },
);
/** `agent_id` is that of the session; older events do not say. */
export const ContextAssembled = event(
  'ContextAssembled',
  z.object({ ...turn, agent_id: id.nullable().default(null), plan: ContextPlan }),
);
export const ContextRefused = event('ContextRefused', z.object({ ...turn, fault, message: z.string() }));
/** `round` counts the calls of a turn that are not attempts of the same one: after each, tools may act. */
const round = z.int().min(1).max(100).default(1);
/** The intent: from here on a call may have been made. */
export const ModelCalled = event('ModelCalled', z.object({ ...turn, attempt, round, request_digest: digest }));
export const ModelReplied = event(
  'ModelReplied',
  z.object({
    ...turn,
    attempt,
    provider: z.string(),
    is_language_model: z.boolean(),
    model: z.string(),
    text: z.string(),
    /** The answer was longer than an event may hold inline, and was cut. */
    truncated: z.boolean(),
    tool_uses: z.array(z.strictObject({ id: z.string(), name: z.string(), input: z.unknown() })),
    stop_reason: z.string(),
    usage: Usage,
    cost_micros: z.int().nonnegative().nullable(),
    latency_ms: z.number().nonnegative(),
    call,
  }),
  { personal: ['text', 'tool_uses'] },
);
export const ModelRetryScheduled = event(
  'ModelRetryScheduled',
  z.object({ ...turn, attempt, fault, message: z.string(), retry_at: instant, call: failedCall }),
);
export const ModelFailed = event(
  'ModelFailed',
  z.object({ ...turn, attempt, fault, message: z.string(), call: failedCall }),
);
const toolUse = z.string().min(1).max(200);
/** What the model wants done. Each becomes a directive of its own: text has no authority (assurance 3.1). */
export const ToolsRequested = event(
  'ToolsRequested',
  z.object({
    ...turn,
    round,
    calls: z.array(z.object({ tool_use_id: toolUse, capability_id: z.string().max(200), args: z.unknown() })).max(100),
  }),
  { personal: ['calls'] },
);
export const ToolCallProposed = event(
  'ToolCallProposed',
  z.object({ ...turn, tool_use_id: toolUse, directive_id: id, approval_id: id.nullable() }),
);
/** `rejected`: it never became a directive. `content` is what the model is told. */
export const ToolCallEnded = event(
  'ToolCallEnded',
  z.object({
    ...turn,
    tool_use_id: toolUse,
    directive_id: id.nullable(),
    outcome: z.enum(['completed', 'failed', 'blocked', 'canceled', 'rejected']),
    content: z.string().max(40_000),
  }),
  { personal: ['content'] },
);
/** `directive_ids` are those of tools that have not ended: they are not wanted any more. */
export const TurnCancelRequested = event(
  'TurnCancelRequested',
  z.object({ ...turn, reason: z.string().max(2_000), directive_ids: z.array(id).max(100).default([]) }),
);
export const TurnAssessed = event(
  'TurnAssessed',
  z.object({
    ...turn,
    outcome: z.enum(['success', 'failure', 'canceled']),
    signals: z.strictObject({
      attempts: z.int().nonnegative(),
      empty_reply: z.boolean(),
      truncated: z.boolean(),
      tool_errors: z.int().nonnegative().default(0),
      /** A decision was demanded of the model, and it recorded none (requirements N153). */
      decision_missing: z.boolean().default(false),
    }),
    /** How unexpected it was, from 0 to 1 (requirements N130). */
    surprise: z.number().min(0).max(1).default(0),
    /** What of its tools' errors may become censors (requirements N132). */
    candidates: z.array(z.string().min(1).max(500)).max(100).default([]),
    /** What ran after the turn; a stage that failed is recorded here and stops no other (requirements N151). */
    stages: z.array(StageReport),
  }),
  { personal: ['candidates'] },
);
export const TurnCompleted = event('TurnCompleted', z.object(turn));
export const TurnFailed = event('TurnFailed', z.object({ ...turn, fault, message: z.string() }));
export const TurnCanceled = event('TurnCanceled', z.object({ ...turn, reason: z.string() }));
/** The session takes no more turns; where `reflects`, a model is asked what it taught. From here on it may have been. */
export const SessionEndRequested = event(
  'SessionEndRequested',
  z.object({ session_id: id, reason: z.string().max(2_000), reflects: z.boolean() }),
);
/** What the agent says the session taught, and what was read out of that (requirements N136). */
export const SessionReflected = event(
  'SessionReflected',
  z.object({
    session_id: id,
    attempt,
    provider: z.string(),
    is_language_model: z.boolean(),
    model: z.string(),
    text: z.string(),
    truncated: z.boolean(),
    usage: Usage,
    cost_micros: z.int().nonnegative().nullable(),
    latency_ms: z.number().nonnegative(),
    call,
    facts: z.array(z.string().min(1).max(1_000)).max(20),
    lessons: z.array(z.string().min(1).max(1_000)).max(20),
    procedures: z.array(z.strictObject({ name: z.string().max(200), description: z.string().max(1_000) })).max(20),
  }),
  { personal: ['text', 'facts', 'lessons', 'procedures'] },
);
export const ReflectionRetryScheduled = event(
  'ReflectionRetryScheduled',
  z.object({ session_id: id, attempt, fault, message: z.string(), retry_at: instant, call: failedCall }),
);
export const ReflectionCalled = event('ReflectionCalled', z.object({ session_id: id, attempt }));
/** The session ends without a reflection. */
export const ReflectionFailed = event(
  'ReflectionFailed',
  z.object({ session_id: id, attempt, fault, message: z.string(), call: failedCall }),
);
export const SessionClosed = event(
  'SessionClosed',
  z.object({
    session_id: id,
    reason: z.string().max(2_000),
    turns: z.int().nonnegative(),
    /** What ran at its end; one that failed is recorded and stops no other. */
    stages: z.array(StageReport).default([]),
  }),
);

export const sessionEvents = [
  SessionOpened,
  TurnReceived,
  ContextAssembled,
  ContextRefused,
  ModelCalled,
  ModelReplied,
  ModelRetryScheduled,
  ModelFailed,
  ToolsRequested,
  ToolCallProposed,
  ToolCallEnded,
  TurnCancelRequested,
  TurnAssessed,
  TurnCompleted,
  TurnFailed,
  TurnCanceled,
  SessionEndRequested,
  SessionReflected,
  ReflectionRetryScheduled,
  ReflectionCalled,
  ReflectionFailed,
  SessionClosed,
] as const;
export type SessionEvent = Occurrence<typeof sessionEvents>;
