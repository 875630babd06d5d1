import type { Outcome } from '../kernel/process.ts';
import type { ContextPlan } from './session.events.ts';

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
}

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
  | { readonly type: 'ReceiveTurn'; readonly turn_id: string; readonly text: string }
  | { readonly type: 'CancelTurn'; readonly turn_id: string | null; readonly reason: string }
  | { readonly type: 'CloseSession'; readonly reason: string }
  | { readonly type: 'RecordContext'; readonly turn_id: string; readonly outcome: Outcome<ContextPlan> }
  | {
      readonly type: 'RecordReply';
      readonly turn_id: string;
      readonly attempt: number;
      readonly key: string;
      readonly outcome: Outcome<Reply>;
    }
  | { readonly type: 'CallAgain'; readonly turn_id: string }
  | {
      readonly type: 'RecordProposal';
      readonly turn_id: string;
      readonly tool_use_id: string;
      readonly outcome: Outcome<Proposed>;
    }
  | {
      readonly type: 'RecordToolEnd';
      readonly turn_id: string;
      readonly tool_use_id: string;
      readonly directive_id: string;
      readonly outcome: 'completed' | 'failed' | 'blocked' | 'canceled';
      readonly content: string;
    }
  | { readonly type: 'RecordPostTurn'; readonly turn_id: string; readonly outcome: Outcome<readonly Stage[]> };
