import { ContextPlan } from '../../src/domain/session/plan.ts';
import type { Outcome } from '../../src/domain/kernel/process.ts';
import type { Reply } from '../../src/domain/session/session.commands.ts';
import {
  ContextAssembled,
  ContextRefused,
  ModelCalled,
  ModelFailed,
  ModelReplied,
  ModelRetryScheduled,
  SessionClosed,
  SessionEndRequested,
  SessionOpened,
  TurnAssessed,
  TurnCanceled,
  TurnCancelRequested,
  TurnCompleted,
  TurnFailed,
  TurnReceived,
} from '../../src/domain/session/session.events.ts';

/** What happens in a session, as it is recorded, for histories that tests are given. */

export const session_id = '6f0f6a0e-54a5-5e52-8a53-0c9b2f1f7d10';
export const agent_id = '0198d7a4-2c1e-7b3a-9f04-6d1a52c7e0b1';
export const turn_id = 'c2f7a3de-9b1a-5f0e-b6f1-1d8a4f5b7c22';
export const other_turn_id = '2b6d1c57-0f83-5a6c-8d0e-93c0a9f4e711';
export const at = '2026-11-21T12:00:00.000Z';
export const request_digest = `sha256:${'5b'.repeat(32)}`;
const of = { session_id, turn_id };

export const plan: ContextPlan = ContextPlan.parse({
  agent_revision: 0,
  template: 'acta-context/1',
  model: null,
  tools: [],
  max_tokens: 1_024,
  budget_tokens: 8_000,
  sections: [{ name: 'input', tokens: 2, turn_ids: [], left_out: 0 }],
  request_digest,
});
export const reply: Reply = {
  provider: 'scripted',
  is_language_model: false,
  model: 'scripted-1',
  text: 'hello',
  truncated: false,
  tool_uses: [],
  stop_reason: 'end_turn',
  usage: { input_tokens: 2, output_tokens: 2, cache_read_tokens: 0, cache_write_tokens: 0 },
  cost_micros: 0,
  latency_ms: 1,
  call: null,
};

export const ok = <Result>(result: Result): Outcome<Result> => ({ ok: true, result, at });
export const failed = (code: string, retryable = false, retry_after_ms?: number): Outcome<never> => ({
  ok: false,
  failure: {
    code,
    message: `it was ${code}`,
    retryable,
    ...(retry_after_ms === undefined ? {} : { retry_after_ms }),
  },
  at,
});

export const opened = SessionOpened({ session_id, agent_id, title: null, origin: null, inherited: [] });
export const received = TurnReceived({ ...of, agent_id, ordinal: 1, text: 'hi' });
export const assembled = ContextAssembled({ ...of, agent_id, plan });
export const contextRefused = ContextRefused({
  ...of,
  fault: 'context_too_large',
  message: 'it was context_too_large',
});
export const called = (attempt: number) => ModelCalled({ ...of, attempt, round: 1, request_digest });
export const replied = (attempt: number) => ModelReplied({ ...of, attempt, ...reply, tool_uses: [] });
export const retryScheduled = (attempt: number, retry_at: string) =>
  ModelRetryScheduled({ ...of, attempt, fault: 'timeout', message: 'it was timeout', retry_at, call: null });
export const modelFailed = (attempt: number) =>
  ModelFailed({ ...of, attempt, fault: 'timeout', message: 'it was timeout', call: null });
export const cancelRequested = TurnCancelRequested({ ...of, reason: 'never mind', directive_ids: [] });
export const assessed = (outcome: 'success' | 'failure' | 'canceled', attempts: number) =>
  TurnAssessed({
    ...of,
    outcome,
    signals: { attempts, empty_reply: false, truncated: false, tool_errors: 0, decision_missing: false },
    surprise: outcome === 'failure' ? 0.9 : 0,
    candidates: [],
    stages: [],
  });
export const completed = TurnCompleted(of);
export const turnFailed = (fault: string) => TurnFailed({ ...of, fault, message: `it was ${fault}` });
export const canceled = TurnCanceled({ ...of, reason: 'never mind' });
export const endRequested = (reflects: boolean) => SessionEndRequested({ session_id, reason: 'settled', reflects });
export const closed = SessionClosed({ session_id, reason: 'settled', turns: 1, stages: [] });

/** A turn that is being answered, and one that was. */
export const calling = [opened, received, assembled, called(1)] as const;
export const answered = [...calling, replied(1), assessed('success', 1), completed] as const;
