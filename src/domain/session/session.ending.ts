import { lessonsOf } from '../cognition/reflection.ts';
import { isSignificant } from '../cognition/significance.ts';
import { backoffMs } from '../kernel/backoff.ts';
import { modelBackoff } from './session.backoff.ts';
import type { SessionCommand } from './session.commands.ts';
import * as Events from './session.events.ts';
import type { SessionEvent } from './session.events.ts';
import type { SessionState } from './session.state.ts';

type EndCommand = Extract<SessionCommand, { readonly type: 'RecordReflection' | 'ReflectAgain' | 'RecordConclusion' }>;

export const isAboutTheEnd = (command: SessionCommand): command is EndCommand =>
  command.type === 'RecordReflection' || command.type === 'ReflectAgain' || command.type === 'RecordConclusion';

/**
 * How a session begins to end: one in which nothing was said is closed at once; of one that is worth remembering a model is
 * asked what it taught (requirements N136, N137).
 */
export const closing = (
  { session_id, turns, tally }: SessionState,
  { reason, reflects }: Extract<SessionCommand, { readonly type: 'CloseSession' }>,
): SessionEvent => {
  if (turns === 0) return Events.SessionClosed({ session_id, reason, turns, stages: [] });
  const worth = tally.completed > 0 && isSignificant({ turns, tool_calls: tally.tool_calls, chars: tally.chars });
  return Events.SessionEndRequested({ session_id, reason, reflects: reflects && worth });
};

const reflected = (
  { session_id }: SessionState,
  { attempt, key, outcome }: Extract<EndCommand, { readonly type: 'RecordReflection' }>,
): SessionEvent => {
  if (outcome.ok) {
    const { tool_uses: _, stop_reason: __, ...reply } = outcome.result;
    const { facts, lessons, procedures } = lessonsOf(reply.text);
    const said = { facts: [...facts], lessons: [...lessons], procedures: [...procedures] };
    return Events.SessionReflected({ session_id, attempt, ...reply, ...said });
  }
  const { code: fault, message, retryable, retry_after_ms, call = null } = outcome.failure;
  const wait = retryable ? backoffMs(modelBackoff, attempt, key, retry_after_ms) : undefined;
  if (wait === undefined) return Events.ReflectionFailed({ session_id, attempt, fault, message, call });
  const retry_at = new Date(Date.parse(outcome.at) + wait).toISOString();
  return Events.ReflectionRetryScheduled({ session_id, attempt, fault, message, retry_at, call });
};

/** The answers to commands about a session's end; what comes late or twice changes nothing. */
export const duringEnd = (command: EndCommand, state: SessionState): readonly SessionEvent[] => {
  const { session_id, turns, ending, phase } = state;
  if (ending === null || phase === 'closed') return [];
  switch (command.type) {
    case 'RecordReflection':
      return phase === 'ending' && command.attempt === ending.attempt ? [reflected(state, command)] : [];
    case 'ReflectAgain':
      return phase === 'resting' ? [Events.ReflectionCalled({ session_id, attempt: ending.attempt + 1 })] : [];
    case 'RecordConclusion': {
      const { outcome } = command;
      const stages = outcome.ok ? outcome.result : [{ name: 'conclude', ok: false, message: outcome.failure.message }];
      return [Events.SessionClosed({ session_id, reason: ending.reason, turns, stages: [...stages] })];
    }
  }
};
