import * as E from 'fp-ts/lib/Either.js';
import { z } from 'zod';
import type { Recorded } from '../../domain/kernel/event.ts';
import { streamOf } from '../../domain/kernel/ids.ts';
import { amountOf, usd } from '../../domain/kernel/money.ts';
import type { Problem } from '../../domain/kernel/operation.ts';
import { Usage, type SessionEvent } from '../../domain/session/session.events.ts';
import { problem } from '../../problems.ts';
import { bell } from '../bell.ts';
import type { Engine } from '../execute.ts';

/** What a turn came to: the body that a plain answer and the end of a streamed one share (requirements R1). */
export const TurnResult = z.object({
  response: z.string(),
  session_id: z.uuid(),
  turn_id: z.uuid(),
  status: z.enum(['running', 'completed', 'failed', 'canceled']),
  /** The frame that the turn was taken in; null until one is chosen. */
  frame: z.string().nullable(),
  /** The decision that this turn recorded, if any: the one that the model did, or else the one before it spoke. */
  decision_id: z.uuid().nullable(),
  model: z
    .object({ provider: z.string(), name: z.string(), is_language_model: z.boolean(), stop_reason: z.string() })
    .nullable(),
  truncated: z.boolean(),
  usage: Usage.nullable(),
  cost: z.object({ amount: z.string(), currency: z.string() }).nullable(),
  error: z.object({ fault: z.string(), message: z.string() }).nullable(),
});
export type TurnResult = z.infer<typeof TurnResult>;

/** A turn that has just been received. */
export const running = (session_id: string, turn_id: string): TurnResult => ({
  response: '',
  session_id,
  turn_id,
  status: 'running',
  frame: null,
  decision_id: null,
  model: null,
  truncated: false,
  usage: null,
  cost: null,
  error: null,
});

/** What the tool `record_decision` answers; no capability's result is taken for it, for those have a directive. */
const RecordedDecision = z.object({ decision_id: z.uuid() });

const decisionIn = ({ outcome, directive_id, content }: (SessionEvent & { type: 'ToolCallEnded' })['data']) => {
  if (outcome !== 'completed' || directive_id !== null) return undefined;
  try {
    return RecordedDecision.safeParse(JSON.parse(content)).data?.decision_id;
  } catch {
    return undefined;
  }
};

const after = (result: TurnResult, event: SessionEvent): TurnResult => {
  if (!('turn_id' in event.data) || event.data.turn_id !== result.turn_id) return result;
  switch (event.type) {
    case 'ModelReplied': {
      const { text, provider, model: name, is_language_model, stop_reason, truncated, usage, cost_micros } = event.data;
      const cost = cost_micros === null ? null : amountOf(usd(cost_micros));
      return {
        ...result,
        response: text,
        model: { provider, name, is_language_model, stop_reason },
        truncated,
        usage,
        cost,
      };
    }
    case 'ContextAssembled': {
      const { frame, decision_id } = event.data.plan;
      return { ...result, frame: frame?.frame_id ?? null, decision_id };
    }
    case 'ToolCallEnded':
      return { ...result, decision_id: decisionIn(event.data) ?? result.decision_id };
    case 'TurnCompleted':
      return { ...result, status: 'completed' };
    case 'TurnFailed':
      return { ...result, status: 'failed', error: { fault: event.data.fault, message: event.data.message } };
    case 'TurnCanceled':
      return { ...result, status: 'canceled', error: { fault: 'canceled', message: event.data.reason } };
    default:
      return result;
  }
};

const pollMs = 1_000;

/** How far a turn got, and the position of the newest event that this was read from; -1 where none was. */
export interface TurnEnd {
  readonly result: TurnResult;
  readonly position: bigint;
}

/**
 * Waits until a turn has ended, or until the signal is aborted, and tells how far it got. The turn may be driven by
 * another node: then it is seen by looking, once a second.
 */
export const turnEnd = async (
  { log, catalogue, appended }: Engine,
  session_id: string,
  turn_id: string,
  from: number,
  signal: AbortSignal,
): Promise<TurnEnd> => {
  const stream = streamOf('session', session_id);
  const ends = bell();
  const hear = (changed: string, events: readonly Recorded[]): void => {
    if (changed === stream && events.some(({ type }) => type.startsWith('Turn'))) ends.ring();
  };
  appended.add(hear);
  signal.addEventListener('abort', ends.ring, { once: true });
  try {
    let result = running(session_id, turn_id);
    let position = -1n;
    for (let next = from; ;) {
      for await (const page of log.read(stream, { from: next }))
        for (const stored of page) {
          const read = catalogue.read(stored);
          if (E.isRight(read)) result = after(result, read.right as unknown as SessionEvent);
          next = stored.revision + 1;
          position = stored.position;
        }
      if (result.status !== 'running' || signal.aborted) return { result, position };
      await ends.wait(pollMs);
    }
  } finally {
    appended.delete(hear);
    signal.removeEventListener('abort', ends.ring);
  }
};

/** A turn that came to nothing, as a problem: the turn itself is on the record either way. */
export const problemOfTurn = ({ status, error, session_id, turn_id }: TurnResult): Problem | undefined => {
  if (status !== 'failed' || error === null) return undefined;
  const { fault, message } = error;
  const more = { session_id, turn_id, fault };
  if (fault === 'disabled') return problem('model_disabled', message, { more });
  if (fault === 'censored') return problem('censored', message, { more });
  if (fault === 'censors_unavailable') return problem('read_model_unavailable', message, { more });
  if (fault === 'context_too_large') return problem('payload_too_large', message, { more });
  if (fault === 'agent_paused' || fault === 'agent_stopped' || fault === 'agent_retired')
    return problem(fault, message, { more });
  return problem('model_failed', message, { more });
};
