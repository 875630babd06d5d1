import type { Watched } from '../../domain/censor/censor.match.ts';
import { seededFrames } from '../../domain/cognition/frames.seeded.ts';
import { framesOf, selectFrame, type Frame, type FrameSelection } from '../../domain/cognition/frames.ts';
import type { CalibrationNote } from '../../domain/cognition/lines.ts';
import type { AgentProfile } from '../../domain/agent/agent.events.ts';
import { episode, type StartEpisode } from '../../domain/episode/episode.decider.ts';
import { derived, streamOf } from '../../domain/kernel/ids.ts';
import { planContext, type Draft, type Tool } from '../../domain/session/context.ts';
import type { ContextEffect } from '../../domain/session/session.effects.ts';
import type { Exchange } from '../../domain/session/session.history.ts';
import { workingMemory } from '../../domain/working-memory/working-memory.decider.ts';
import { atHand } from './at-hand.ts';
import { decide } from './decide.ts';
import type { Mind } from './mind.ts';
import { must, note, type Writer } from './note.ts';
import { censorsDraft, recollect } from './recollect.ts';
import type { StageReport } from './stages.ts';
import { frameLinesOf } from './system-prompt.ts';

const summaryCharsMax = 200;
const taskCharsMax = 2_000;
const reasonCharsMax = 100;
const deliberationConfidence = 0.5;

/** The agent that speaks, at the revision that its turn is laid out by. */
export interface Speaking {
  readonly profile: AgentProfile;
  readonly revision: number;
}

/** What surrounds the stages before a turn. */
export interface Occurring extends Writer {
  readonly effect: ContextEffect;
  readonly report: StageReport;
  readonly signal: AbortSignal;
}

/** The frame that a message is taken in: of the agent's own and the seeded ones (requirements N113). */
export const framed = (
  profile: AgentProfile,
  text: string,
): { readonly frame: Frame; readonly selection: FrameSelection } => {
  const chosen = selectFrame(framesOf(seededFrames, profile.frames ?? []), text);
  if (chosen === undefined) throw new Error('there are always the seeded frames');
  return chosen;
};

/** What memory has for the turn. Each part that cannot be had is reported, and the turn goes on without it. */
export const remembering = async (
  mind: Mind,
  { tenant, agent_id, matter, effect, report, signal }: Occurring,
  { frame }: { readonly frame: Frame },
): Promise<{
  readonly drafts: readonly Draft[];
  readonly position: bigint | null;
  readonly calibration: CalibrationNote | null;
}> => {
  const { session_id, text, episode_id } = effect;
  const { engine } = mind;
  const at_least = mind.newest();
  const asking = {
    ...{ tenant, agent_id, text, budgets: frame.budgets },
    ...(at_least === undefined ? {} : { at_least }),
    without: new Set(episode_id === null ? [] : [episode_id]),
  };
  const nothing = { drafts: [], position: null };
  const [working, recalled, calibration] = await Promise.all([
    report.run('working_memory', undefined, () => atHand(engine, effect, { tenant, agent_id, matter })),
    report.run('recall', nothing, () => recollect(mind, asking, signal)),
    frame.deliberates ? report.run('calibration', null, () => mind.calibration(tenant, agent_id)) : null,
  ]);
  const at = {
    kind: 'working_memory' as const,
    id: session_id,
    revision: working?.revision ?? 0,
    score: null,
    channels: [],
  };
  // One revision of working memory is one item, however many lines it has.
  const lines = (working?.lines ?? []).map((line, index) => ({ text: line, cited: index === 0 ? at : null }));
  const { drafts, position } = recalled;
  return { drafts: [{ name: 'working_memory', lines }, ...drafts], position, calibration };
};

/** Lays the context out: the frame's own section stands between the censors and working memory (requirements N117). */
export const laidOut = (
  { profile, revision }: Speaking,
  history: readonly Exchange[],
  text: string,
  tools: readonly Tool[],
  { frame, selection }: ReturnType<typeof framed>,
  watched: readonly Watched[],
  { drafts, calibration }: Pick<Awaited<ReturnType<typeof remembering>>, 'drafts' | 'calibration'>,
): ReturnType<typeof planContext> => {
  const said = frameLinesOf(profile, { frame: selection, calibration, tools: [...tools] });
  const thought: Draft = { name: 'frame', lines: said.map((line) => ({ text: line, cited: null })) };
  return planContext({
    speaker: { ...profile, revision },
    history,
    text,
    tools,
    drafts: [censorsDraft(watched), thought, ...drafts],
    budgets: frame.budgets,
  });
};

/** Records a decision before the model speaks, where the frame asks for one (requirements N124); null where it does not. */
export const deliberated = async (
  { engine }: Mind,
  { effect, agent_id, tenant, matter }: Occurring,
  { frame_id, name, default_category: category, default_stakes: stakes, deliberates }: Frame,
): Promise<string | null> => {
  if (!deliberates) return null;
  const { session_id, turn_id, text } = effect;
  const decision_id = derived('decision', turn_id);
  const content = {
    description: `Plan: ${text.slice(0, taskCharsMax).toWellFormed()}`,
    context: null,
    pattern: null,
    confidence: deliberationConfidence,
    tags: [frame_id],
    category,
    stakes,
    reasons: [{ type: 'analysis' as const, text: `${name}: ${text.slice(0, reasonCharsMax).toWellFormed()}` }],
  };
  const { status, blocked_by } = await decide(
    engine,
    { decision_id, session_id, content },
    { agent_id, tenant, matter },
  );
  if (status === 'blocked') throw new Error(`guardrails block it: ${blocked_by.join(', ')}`);
  return decision_id;
};

/** The session's episode, begun with its first turn: a session has one (requirements N128, N139). */
export const begun = async (
  { engine }: Mind,
  { effect, agent_id, tenant, matter }: Occurring,
  frame: Frame,
): Promise<string> => {
  const { session_id, text, episode_id: known } = effect;
  if (known !== null) return known;
  const episode_id = derived('episode', session_id);
  const asked: StartEpisode = {
    type: 'StartEpisode',
    ...{ episode_id, agent_id, session_id, title: null, detail: null },
    summary: text.slice(0, summaryCharsMax).toWellFormed(),
    frame: frame.frame_id,
    trigger: 'user_message',
    participants: [],
    tags: [],
    at: new Date(engine.clock.now()).toISOString(),
    by: `agent:${agent_id}`,
  };
  must(await note(engine, episode, streamOf('episode', episode_id), asked, { agent_id, tenant, matter }, session_id));
  return episode_id;
};

/** Sets working memory on what was asked, and on the frame it is thought about in (requirements N96, N128). */
export const focused = async (
  { engine }: Mind,
  { effect, agent_id, tenant, matter }: Occurring,
  frame: Frame,
): Promise<void> => {
  const { session_id, turn_id, text } = effect;
  const asked = {
    type: 'FocusWorkingMemory',
    ...{ session_id, agent_id },
    task: text.slice(0, taskCharsMax).toWellFormed(),
    frame: frame.frame_id,
    at: new Date(engine.clock.now()).toISOString(),
  } as const;
  must(
    await note(
      engine,
      workingMemory,
      streamOf('working_memory', session_id),
      asked,
      { agent_id, tenant, matter },
      turn_id,
    ),
  );
};
