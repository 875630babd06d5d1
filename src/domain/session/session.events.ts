import { z } from 'zod';
import { event, type Occurrence } from '../kernel/event.ts';

const id = z.uuid();
const turn = { session_id: id, turn_id: id };
const tokens = z.int().nonnegative();
const instant = z.iso.datetime();
const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);
const fault = z.string().min(1).max(100);
const attempt = z.int().min(1).max(100);

/** What was put in context and why; never the text of it, which is already in the log where it was first said. */
export const ContextPlan = z.strictObject({
  agent_revision: z.int().nonnegative(),
  template: z.string(),
  model: z.string().min(1).nullable(),
  max_tokens: tokens,
  budget_tokens: tokens,
  sections: z.array(
    z.strictObject({
      name: z.string(),
      tokens,
      /** The turns a section quotes, oldest first, and how many more there were that did not fit. */
      turn_ids: z.array(id),
      left_out: z.int().nonnegative(),
    }),
  ),
  /** The tools that the model is offered, by the capability and the spec of then. */
  tools: z
    .array(z.strictObject({ capability_id: z.string().max(100), spec_digest: digest }))
    .max(100)
    .default([]),
  request_digest: digest,
});
export type ContextPlan = z.infer<typeof ContextPlan>;

export const Usage = z.strictObject({
  input_tokens: tokens,
  output_tokens: tokens,
  cache_read_tokens: tokens,
  cache_write_tokens: tokens,
});

export const SessionOpened = event(
  'SessionOpened',
  z.object({ session_id: id, agent_id: id, title: z.string().max(200).nullable() }),
);
export const TurnReceived = event(
  'TurnReceived',
  z.object({ ...turn, agent_id: id, ordinal: z.int().positive(), text: z.string().min(1) }),
  { personal: ['text'] },
);
export const ContextAssembled = event('ContextAssembled', z.object({ ...turn, plan: ContextPlan }));
export const ContextRefused = event('ContextRefused', z.object({ ...turn, fault, message: z.string() }));
/** The intent: from here on a call may have been made. */
/** `round` counts the calls of a turn that are not attempts of the same one: after each, tools may act. */
const round = z.int().min(1).max(100).default(1);
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
  }),
  { personal: ['text', 'tool_uses'] },
);
export const ModelRetryScheduled = event(
  'ModelRetryScheduled',
  z.object({ ...turn, attempt, fault, message: z.string(), retry_at: instant }),
);
export const ModelFailed = event('ModelFailed', z.object({ ...turn, attempt, fault, message: z.string() }));
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
    signals: z.strictObject({ attempts: z.int().nonnegative(), empty_reply: z.boolean(), truncated: z.boolean() }),
    /** What ran after the turn; a stage that failed is recorded here and stops no other (requirements N151). */
    stages: z.array(z.strictObject({ name: z.string(), ok: z.boolean(), message: z.string().nullable() })),
  }),
);
export const TurnCompleted = event('TurnCompleted', z.object(turn));
export const TurnFailed = event('TurnFailed', z.object({ ...turn, fault, message: z.string() }));
export const TurnCanceled = event('TurnCanceled', z.object({ ...turn, reason: z.string() }));
export const SessionClosed = event(
  'SessionClosed',
  z.object({ session_id: id, reason: z.string().max(2_000), turns: z.int().nonnegative() }),
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
  SessionClosed,
] as const;
export type SessionEvent = Occurrence<typeof sessionEvents>;
