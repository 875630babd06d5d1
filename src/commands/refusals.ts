import { categoryOf, idOf } from '../domain/kernel/ids.ts';
import type { Problem } from '../domain/kernel/operation.ts';
import { problem } from '../problems.ts';
import { LogError, type LogFault } from '../ports.ts';
import type { EngineRefusal } from './execute.ts';
import { problemOfGate, type GateRefusal } from './gate/gate.refusals.ts';
import { isOfMemory, problemOfMemory, type MemoryRefusal } from './memory/memory.refusals.ts';
import type { AgentRefusal } from '../domain/agent/agent.decider.ts';
import type { DecisionRefusal } from '../domain/decision/decision.decider.ts';
import { verdictOf, type FiredGuardrail } from '../domain/gate/guardrail.ts';
import type { KeyRefusal } from '../domain/key/key.decider.ts';
import type { OutOfLifecycle } from '../domain/kernel/lifecycle.ts';
import type { SessionRefusal } from '../domain/session/session.decider.ts';
import type { ForkRefusal } from '../domain/session/session.fork.ts';

export type Refusal =
  | EngineRefusal
  | OutOfLifecycle
  | AgentRefusal
  | DecisionRefusal
  | KeyRefusal
  | SessionRefusal
  | ForkRefusal
  | GateRefusal
  | MemoryRefusal;

/** Why a decision cannot be changed so: a guardrail forbids it, or wants an agreement, which is asked for when one is recorded. */
const problemOfGuardrails = (fired: readonly FiredGuardrail[]): Problem => {
  const { blocked_by, warnings, needs_approval } = verdictOf(fired);
  const more = { blocked_by, warnings, needs_approval, fired };
  return blocked_by.length > 0
    ? problem('guardrail_blocked', `changed so, it is blocked by ${blocked_by.join(', ')}: it stays as it was`, {
        more,
      })
    : problem('agreement_needed', `${needs_approval.join(', ')}: record a new decision, and let somebody agree to it`, {
        more,
      });
};

/** A refusal in the words of the problem catalogue. */
export const problemOf = (refusal: Refusal): Problem => {
  switch (refusal.reason) {
    case 'Conflict':
      return problem('conflict', `${refusal.stream} changed each time this was decided`);
    case 'StaleRevision':
      return problem('revision_conflict', `you saw revision ${refusal.given}, it is at ${refusal.current}`, {
        more: {
          current_revision: refusal.current,
          events: `/streams/${refusal.stream}/events?from_revision=${refusal.given + 1}`,
        },
      });
    case 'NotTheirs':
      return problem('not_found', `there is no ${categoryOf(refusal.stream)} ${idOf(refusal.stream)}`);
    case 'UnreadableStream':
      return problem('unreadable_stream', `${refusal.stream}@${refusal.revision}: ${refusal.cause.reason}`, {
        more: { cause: refusal.cause },
      });
    case 'OutOfLifecycle':
      return problem('invalid_transition', `${refusal.step} cannot follow here: it is ${refusal.phase}`, {
        more: { phase: refusal.phase, step: refusal.step, allowed: refusal.allowed },
      });
    case 'AgentUnknown':
      return problem('not_found', 'there is no such agent');
    case 'DecisionUnknown':
      return problem('not_found', 'there is no such decision');
    case 'OutcomeKnown':
      return problem(
        'outcome_known',
        `it came out as ${refusal.outcome}: how sure somebody was before cannot change now`,
      );
    case 'AgreedTo':
      return problem('decision_agreed', 'what somebody has agreed to is not said otherwise: record a new decision', {
        more: { approval_id: refusal.approval_id },
      });
    case 'GuardrailsFired':
      return problemOfGuardrails(refusal.fired);
    case 'LinkedToItself':
      return problem('against_itself', 'a decision is not linked with itself', {
        more: { errors: [{ pointer: '#/target_id', message: 'is the decision itself' }] },
      });
    case 'KeyUnknown':
      return problem('not_found', 'there is no such key');
    case 'SessionUnknown':
      return problem('not_found', 'there is no such session');
    case 'SessionIsClosed':
      return problem('session_closed', 'the session is closed');
    case 'TurnRunning':
      return problem('turn_running', `turn ${refusal.turn_id} is running`, { more: { turn_id: refusal.turn_id } });
    case 'TurnUnknown':
      return problem('not_found', `there is no turn ${refusal.turn_id} in this session`);
    case 'TurnNotCompleted':
      return problem('turn_not_completed', 'only a turn that was answered can be gone on from', {
        more: { turn_id: refusal.turn_id },
      });
    case 'TurnNotRunning':
      return problem('turn_not_running', 'no such turn is running', { more: { turn_id: refusal.turn_id } });
    default:
      return isOfMemory(refusal) ? problemOfMemory(refusal) : problemOfGate(refusal);
  }
};

const retryAfterMs = 2_000;

/** A fault of the log in the words of the problem catalogue; anything else is a bug, and undefined. */
export const problemOfFault = (error: unknown): Problem | undefined => {
  if (!(error instanceof LogError)) return undefined;
  const said: Readonly<Record<LogFault, () => Problem>> = {
    unavailable: () => problem('log_unavailable', error.message, { retry_after_ms: retryAfterMs }),
    timeout: () => problem('log_unavailable', error.message, { retry_after_ms: retryAfterMs }),
    stream_deleted: () => problem('stream_deleted', error.message),
    too_large: () => problem('payload_too_large', error.message),
    disk_full: () => problem('storage_full', error.message, { retry_after_ms: retryAfterMs }),
    corrupt: () => problem('log_corrupt', error.message),
    access_denied: () => problem('log_unavailable', error.message, { retry_after_ms: retryAfterMs }),
    unsupported: () => problem('not_implemented', error.message),
    invalid: () => problem('validation_failed', error.message),
  };
  return said[error.fault]();
};
