import { assess, type ToolEnd } from '../cognition/assessment.ts';
import type { SessionState, Turn } from './session.state.ts';

/** Censors that a session may lead to by itself (requirements N133). */
const candidatesMax = 3;
const demanded = 'record_decision';

/** What a turn came to, as the rules see it: the same turn always comes to the same. */
export interface TurnAssessment {
  readonly outcome: 'success' | 'failure' | 'canceled';
  readonly surprise: number;
  readonly candidates: readonly string[];
  readonly signals: {
    readonly attempts: number;
    readonly empty_reply: boolean;
    readonly truncated: boolean;
    readonly tool_errors: number;
    readonly decision_missing: boolean;
  };
}

const endsOf = ({ rounds }: Turn): readonly ToolEnd[] =>
  rounds.flatMap(({ calls }) =>
    calls.flatMap(({ capability_id: name, args, ended }) => (ended === null ? [] : [{ name, args, ...ended }])),
  );

/** The tool was offered in a frame that demands a decision, and was not used. */
const isDecisionMissing = ({ plan, rounds, failure, cancel_reason }: Turn): boolean =>
  failure === null &&
  cancel_reason === null &&
  plan?.frame?.frame_id === 'decision' &&
  plan.tools.some(({ capability_id }) => capability_id === demanded) &&
  !rounds.some(({ calls }) => calls.some(({ capability_id }) => capability_id === demanded));

export const assessmentOf = ({ tally }: Pick<SessionState, 'tally'>, turn: Turn): TurnAssessment => {
  const canceled = turn.cancel_reason !== null;
  const { surprise, tool_errors, candidates } = assess(turn.failure !== null, endsOf(turn));
  return {
    outcome: canceled ? 'canceled' : turn.failure !== null ? 'failure' : 'success',
    surprise: canceled ? 0 : surprise,
    candidates: canceled ? [] : candidates.slice(0, Math.max(0, candidatesMax - tally.candidates)),
    signals: {
      attempts: turn.attempt,
      empty_reply: turn.reply?.text.trim() === '',
      truncated: turn.reply?.truncated ?? false,
      tool_errors,
      decision_missing: isDecisionMissing(turn),
    },
  };
};
