import type { Failure, Outcome } from '../kernel/process.ts';
import type { FailedCall, ModelCall } from './model-call.ts';
import type { CitedTurn, Origin } from './session.events.ts';
import type { ContextPlan } from './plan.ts';

/** What the model answered, cut to what an event may hold. */
export interface Reply {
  readonly provider: string;
  readonly is_language_model: boolean;
  readonly model: string;
  readonly text: string;
  readonly truncated: boolean;
  readonly tool_uses: readonly { readonly id: string; readonly name: string; readonly input: unknown }[];
  readonly stop_reason: string;
  readonly usage: {
    readonly input_tokens: number;
    readonly output_tokens: number;
    readonly cache_read_tokens: number;
    readonly cache_write_tokens: number;
  };
  readonly cost_micros: number | null;
  readonly latency_ms: number;
  readonly call: ModelCall | null;
}

/** How a call of a model ended. A failure has no `call` where no model was asked. */
export type ModelAnswered =
  | Extract<Outcome<Reply>, { readonly ok: true }>
  | { readonly ok: false; readonly failure: Failure & { readonly call?: FailedCall }; readonly at: string };

/** What became of a tool call that was proposed; `reasons` where it was blocked at once. */
export interface Proposed {
  readonly directive_id: string;
  readonly blocked: boolean;
  readonly approval_id: string | null;
  readonly reasons: readonly string[];
}

/** One thing that ran after a turn. */
export interface Stage {
  readonly name: string;
  readonly ok: boolean;
  readonly message: string | null;
}

export type SessionCommand =
  | {
      readonly type: 'OpenSession';
      readonly session_id: string;
      readonly agent_id: string;
      readonly title: string | null;
    }
  | {
      /** Opens a session that goes on from a turn of another. */
      readonly type: 'ForkSession';
      readonly session_id: string;
      readonly agent_id: string;
      readonly title: string | null;
      readonly origin: Origin;
      readonly inherited: readonly CitedTurn[];
    }
  | { readonly type: 'ReceiveTurn'; readonly turn_id: string; readonly text: string }
  | { readonly type: 'CancelTurn'; readonly turn_id: string | null; readonly reason: string }
  /** `reflects`: what the session taught is asked of a model, where it is worth one. */
  | { readonly type: 'CloseSession'; readonly reason: string; readonly reflects: boolean }
  | { readonly type: 'RecordContext'; readonly turn_id: string; readonly outcome: Outcome<ContextPlan> }
  | {
      readonly type: 'RecordReply';
      readonly turn_id: string;
      readonly attempt: number;
      readonly key: string;
      readonly outcome: ModelAnswered;
    }
  | { readonly type: 'CallAgain'; readonly turn_id: string }
  | {
      readonly type: 'RecordProposal';
      readonly turn_id: string;
      readonly tool_use_id: string;
      readonly outcome: Outcome<Proposed>;
    }
  | {
      /** A tool of memory has answered: it is no directive, for it changes nothing but what the agent remembers. */
      readonly type: 'RecordRemembered';
      readonly turn_id: string;
      readonly tool_use_id: string;
      readonly outcome: Outcome<string>;
    }
  | {
      readonly type: 'RecordToolEnd';
      readonly turn_id: string;
      readonly tool_use_id: string;
      readonly directive_id: string;
      readonly outcome: 'completed' | 'failed' | 'blocked' | 'canceled';
      readonly content: string;
    }
  | {
      readonly type: 'RecordReflection';
      readonly attempt: number;
      readonly key: string;
      readonly outcome: ModelAnswered;
    }
  | { readonly type: 'ReflectAgain' }
  | { readonly type: 'RecordConclusion'; readonly outcome: Outcome<readonly Stage[]> }
  | { readonly type: 'RecordPostTurn'; readonly turn_id: string; readonly outcome: Outcome<readonly Stage[]> };
