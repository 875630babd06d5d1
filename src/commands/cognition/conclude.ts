import * as E from 'fp-ts/lib/Either.js';
import { isSignificant } from '../../domain/cognition/significance.ts';
import { episode } from '../../domain/episode/episode.decider.ts';
import { derived, streamOf } from '../../domain/kernel/ids.ts';
import type { Source } from '../../domain/memory/source.ts';
import { procedure } from '../../domain/procedure/procedure.decider.ts';
import type { ConcludeEffect } from '../../domain/session/session.effects.ts';
import type { Tally } from '../../domain/session/session.state.ts';
import { workingMemory } from '../../domain/working-memory/working-memory.decider.ts';
import type { Perform } from '../flights.ts';
import { learnFact } from '../memory/learn-fact.ts';
import type { Mind } from './mind.ts';
import { must, note, unlessThere, provenanceOf, type Writer } from './note.ts';
import { stageReport } from './stages.ts';

/** How sure an agent is of what it says itself that it learned. */
const reflectedConfidence = 0.7;

interface Concluding extends Writer {
  readonly effect: ConcludeEffect;
}

/** How a session went, by how its turns did (requirements C50). */
const outcomeOf = ({ completed, failed }: Tally): 'success' | 'partial' | 'failure' | 'abandoned' => {
  if (completed === 0) return failed === 0 ? 'abandoned' : 'failure';
  return failed === 0 ? 'success' : 'partial';
};

const sourceOf = ({ session_id, episode_id }: ConcludeEffect): Source => ({
  kind: 'reflection',
  label: 'reflection',
  session_id,
  turn_id: null,
  episode_id,
  decision_id: null,
});

/** Ends the episode with what was learnt; one of a trivial session is not kept for recall (requirements N135, N137). */
const ended = async ({ engine }: Mind, { effect, ...writer }: Concluding): Promise<void> => {
  const { agent_id, session_id, episode_id, tally, lessons } = effect;
  if (episode_id === null) return;
  const by = `agent:${agent_id}`;
  const at = new Date(engine.clock.now()).toISOString();
  const said = { outcome: outcomeOf(tally), lessons: lessons?.lessons ?? [], surprise: tally.surprise, at, by };
  const stream = streamOf('episode', episode_id);
  unlessThere(await note(engine, episode, stream, { type: 'EndEpisode', ...said }, writer, session_id));
  const { completed, failed, tool_calls, chars } = tally;
  if (isSignificant({ turns: completed + failed, tool_calls, chars })) return;
  const trivial = { type: 'DeactivateEpisode', reason: 'nothing much happened', by } as const;
  must(await note(engine, episode, stream, trivial, writer, session_id));
};

/** What was learned becomes facts, each once: what is known already is confirmed (requirements N136). */
const facts = async ({ engine, memory }: Mind, { effect, ...writer }: Concluding): Promise<void> => {
  const { agent_id, session_id, lessons } = effect;
  for (const content of lessons?.facts ?? []) {
    const learnt = {
      ...{ agent_id, content, category: 'rule' as const, subject: null, confidence: reflectedConfidence, tags: [] },
      ...{ source: sourceOf(effect), contradiction_of: null, supersedes: null },
    };
    const outcome = await learnFact({ engine, memory }, learnt, provenanceOf(writer, 'fact', session_id, content));
    if (E.isLeft(outcome)) throw new Error(`a fact was refused: ${outcome.left.reason}`);
  }
};

const procedures = async ({ engine }: Mind, { effect, ...writer }: Concluding): Promise<void> => {
  const { agent_id, session_id, lessons } = effect;
  const none = { goals: [], core_patterns: [], core_tools: [], core_concepts: [], implementation_notes: [], tags: [] };
  for (const { name, description } of lessons?.procedures ?? []) {
    // A procedure of this name is the agent's already: it is the same one.
    const procedure_id = derived('procedure', agent_id, name.toLowerCase());
    const stored = { ...none, procedure_id, agent_id, name, domain: null, description, source: sourceOf(effect) };
    const asked = { type: 'StoreProcedure', ...stored, by: `agent:${agent_id}` } as const;
    unlessThere(await note(engine, procedure, streamOf('procedure', procedure_id), asked, writer, session_id, name));
  }
};

/** What the session was at is of no use to another one. */
const cleared = async ({ engine }: Mind, { effect: { session_id }, ...writer }: Concluding): Promise<void> =>
  unlessThere(
    await note(
      engine,
      workingMemory,
      streamOf('working_memory', session_id),
      { type: 'ClearWorkingMemory' },
      writer,
      session_id,
    ),
  );

/** What happens at the end of a session, in this order; what fails is reported, and stops no other (requirements N135). */
export const concluded =
  (mind: Mind): Perform<ConcludeEffect> =>
  async (effect, { signal, tenant, matter }) => {
    const concluding = { effect, agent_id: effect.agent_id, tenant, matter };
    const report = stageReport(signal);
    await report.run('episode', undefined, () => ended(mind, concluding));
    await report.run('facts', undefined, () => facts(mind, concluding));
    await report.run('procedures', undefined, () => procedures(mind, concluding));
    await report.run('working_memory', undefined, () => cleared(mind, concluding));
    return { ok: true, result: report.stages() };
  };
