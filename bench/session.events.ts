import { ContextPlan } from '../src/domain/session/plan.ts';
import { derived } from '../src/domain/kernel/ids.ts';
import * as Events from '../src/domain/session/session.events.ts';
import type { SessionEvent } from '../src/domain/session/session.events.ts';

const digest = `sha256:${'0'.repeat(64)}`;
const usage = { input_tokens: 900, output_tokens: 80, cache_read_tokens: 0, cache_write_tokens: 0 };

/** A long conversation as it would have been recorded: an opening, then turns of six events, until there are so many. */
export const sessionOf = function* (session_id: string, events: number): Generator<SessionEvent> {
  const agent_id = derived('bench agent');
  yield Events.SessionOpened({ session_id, agent_id, title: null, origin: null, inherited: [] });
  for (let ordinal = 1, count = 1; count < events; ordinal += 1, count += 6) {
    const of = { session_id, turn_id: derived(session_id, 'turn', ordinal) };
    const sections = [{ name: 'history', tokens: 400, turn_ids: [], left_out: 3 }];
    const plan = ContextPlan.parse({
      agent_revision: 0,
      template: 'acta-context/1',
      model: null,
      max_tokens: 4_096,
      budget_tokens: 8_000,
      sections,
      tools: [],
      request_digest: digest,
    });
    const turn: SessionEvent[] = [
      Events.TurnReceived({ ...of, agent_id, ordinal, text: `question ${ordinal} ${'about orders '.repeat(10)}` }),
      Events.ContextAssembled({ ...of, agent_id, plan }),
      Events.ModelCalled({ ...of, attempt: 1, round: 1, request_digest: digest }),
      Events.ModelReplied({
        ...of,
        attempt: 1,
        provider: 'scripted',
        is_language_model: false,
        model: 'scripted-1',
        text: `answer ${ordinal} ${'as it stands on the record '.repeat(12)}`,
        truncated: false,
        tool_uses: [],
        stop_reason: 'end_turn',
        usage,
        cost_micros: 0,
        latency_ms: 12,
        call: null,
      }),
      Events.TurnAssessed({
        ...of,
        outcome: 'success',
        signals: { attempts: 1, empty_reply: false, truncated: false, tool_errors: 0, decision_missing: false },
        surprise: 0,
        candidates: [],
        stages: [],
      }),
      Events.TurnCompleted(of),
    ];
    yield* turn.slice(0, events - count);
  }
};
