import { censor } from '../../domain/censor/censor.decider.ts';
import { decision } from '../../domain/decision/decision.decider.ts';
import { episode } from '../../domain/episode/episode.decider.ts';
import { derived, streamOf } from '../../domain/kernel/ids.ts';
import type { PostTurnEffect } from '../../domain/session/session.effects.ts';
import type { Engine } from '../execute.ts';
import type { Perform } from '../flights.ts';
import type { Output } from '../output.ts';
import { must, note, unlessThere, type Writer } from './note.ts';
import { stageReport } from './stages.ts';

const descriptionCharsMax = 200;
/** How sure a turn makes of the decision it was recorded for (requirements N125). */
const confidenceAfter = { clean: 0.8, tool_errors: 0.5, failure: 0.3 } as const;

interface Ended extends Writer {
  readonly effect: PostTurnEffect;
}

/** What went wrong may go wrong again: what it was becomes a warning, the same one once (requirements N133). */
const learnt = async (engine: Engine, { effect, ...writer }: Ended): Promise<void> => {
  const { agent_id, session_id, turn, assessment } = effect;
  for (const candidate of assessment.candidates) {
    const trigger = candidate.slice(0, 500).toWellFormed();
    const censor_id = derived('censor', agent_id, trigger);
    const asked = {
      type: 'CreateCensor',
      ...{ censor_id, agent_id, trigger },
      reason: 'it went wrong before',
      action: 'warn',
      domain: null,
      origin: 'automatic',
      escalation_threshold: 3,
      source: {
        kind: 'turn',
        label: null,
        session_id,
        turn_id: turn.turn_id,
        episode_id: turn.plan?.episode_id ?? null,
        decision_id: turn.plan?.decision_id ?? null,
      },
      by: `agent:${agent_id}`,
    } as const;
    unlessThere(await note(engine, censor, streamOf('censor', censor_id), asked, writer, trigger));
  }
};

/** What a turn says of the decision that was recorded before it: what was answered, and how sure that makes (requirements N125, N133). */
const finalized = async (engine: Engine, { effect, ...writer }: Ended): Promise<void> => {
  const { agent_id, turn, assessment } = effect;
  const decision_id = turn.plan?.decision_id ?? null;
  if (decision_id === null || assessment.outcome === 'canceled') return;
  const stream = streamOf('decision', decision_id);
  const by = `agent:${agent_id}`;
  const { turn_id, reply } = turn;
  const failed = assessment.outcome === 'failure';
  const description = reply?.text.slice(0, descriptionCharsMax).toWellFormed() ?? '';
  const { failure, tool_errors, clean } = confidenceAfter;
  const confidence = failed ? failure : assessment.signals.tool_errors > 0 ? tool_errors : clean;
  const change = { confidence, ...(failed || description.trim() === '' ? {} : { description }) };
  // One that waits for an agreement stays as it was asked about, and one that was agreed to as it was agreed to.
  unlessThere(await note(engine, decision, stream, { type: 'UpdateDecision', change, by }, writer, turn_id));
  if (failed) return;
  const thought = {
    type: 'AddThought',
    thought_id: derived('thought', turn_id),
    text: 'The turn succeeded.',
    by,
  } as const;
  unlessThere(await note(engine, decision, stream, thought, writer, turn_id));
};

/** The decision belongs to what was going on (requirements N72). */
const linked = async (engine: Engine, { effect, ...writer }: Ended): Promise<void> => {
  const { decision_id = null, episode_id = null } = effect.turn.plan ?? {};
  if (decision_id === null || episode_id === null) return;
  const asked = { type: 'LinkDecision', decision_id, by: `agent:${effect.agent_id}` } as const;
  must(await note(engine, episode, streamOf('episode', episode_id), asked, writer, decision_id));
};

/**
 * What comes after a turn, however it ended (requirements N129): learn, finalize the deliberation, link it with the episode. The
 * assessment itself is the rules' own, and is recorded with what these stages came to.
 */
export const afterTurn =
  (engine: Engine, spoken: Output): Perform<PostTurnEffect> =>
  async (effect, { signal, tenant, matter }) => {
    const { turn, agent_id } = effect;
    spoken.end(turn.turn_id);
    const outcome = turn.cancel_reason !== null ? 'canceled' : turn.failure === null ? 'completed' : 'failed';
    engine.telemetry.count('acta_turns_total', { outcome });
    const ended = { effect, agent_id, tenant, matter };
    const report = stageReport(signal);
    await report.run('learn', undefined, () => learnt(engine, ended));
    await report.run('finalize', undefined, () => finalized(engine, ended));
    await report.run('episode', undefined, () => linked(engine, ended));
    return { ok: true, result: report.stages() };
  };
