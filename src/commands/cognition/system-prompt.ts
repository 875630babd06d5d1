import { frameLines } from '../../domain/cognition/lines.ts';
import { framesOf } from '../../domain/cognition/frames.ts';
import { seededFrames } from '../../domain/cognition/frames.seeded.ts';
import { sectionNames, sectionText, type SectionName } from '../../domain/cognition/sections.ts';
import type { AgentProfile } from '../../domain/agent/agent.events.ts';
import { systemOf } from '../../domain/session/context.ts';
import type { ContextPlan } from '../../domain/session/plan.ts';
import type { Engine } from '../execute.ts';
import { linesOf } from './cite.ts';

/** So many prompts of turns under way are kept in memory; any other is written again from the log. */
const keptMax = 100;

/** What a frame says to the model in this plan. */
export const frameLinesOf = (
  profile: Pick<AgentProfile, 'frames'>,
  { frame, calibration, tools }: Pick<ContextPlan, 'frame' | 'calibration' | 'tools'>,
): readonly string[] => {
  const taken = framesOf(seededFrames, profile.frames ?? []).find(({ frame_id }) => frame_id === frame?.frame_id);
  const recordsDecisions = tools.some(({ capability_id }) => capability_id === 'record_decision');
  return taken === undefined ? [] : frameLines(taken, { calibration, recordsDecisions });
};

const isSectionName = (name: string): name is SectionName => (sectionNames as readonly string[]).includes(name);

/** The system prompt that a plan describes, written from the log: each item as it was at the revision that is cited. */
export const systemPrompt = async (
  engine: Engine,
  tenant: string,
  profile: AgentProfile,
  plan: ContextPlan,
): Promise<string> => {
  const texts = await Promise.all(
    plan.sections.map(async ({ name, items, tokens, budget_tokens, cut }) => {
      if (!isSectionName(name) || tokens === 0) return '';
      const lines = name === 'frame' ? frameLinesOf(profile, plan) : await linesOf(engine, tenant, items);
      return sectionText(name, lines, { budget_tokens, cut });
    }),
  );
  return systemOf(profile.identity_prompt, texts);
};

/** The prompts that this node has laid out itself, by the digest of their request, the oldest first out. */
export const promptCache = () => {
  const kept = new Map<string, string>();
  return {
    get: (request_digest: string): string | undefined => kept.get(request_digest),
    keep: (request_digest: string, system: string): void => {
      kept.set(request_digest, system);
      const [oldest] = kept.keys();
      if (kept.size > keptMax && oldest !== undefined) kept.delete(oldest);
    },
  };
};
export type PromptCache = ReturnType<typeof promptCache>;
