import { z } from 'zod';
import { Frame, framesMax } from '../cognition/frames.ts';
import { event, type Occurrence } from '../kernel/event.ts';

const id = z.uuid();

/** What an agent is: who it says it is, and within what it works. */
export const AgentProfile = z.strictObject({
  name: z.string().min(1).max(200),
  description: z.string().max(2_000),
  identity_prompt: z.string().max(32_768),
  /** Null: the provider's default model. */
  model: z.string().min(1).max(200).nullable(),
  /** The longest answer, in tokens. */
  max_tokens: z.int().min(1).max(64_000),
  /** How much context a turn may carry, in estimated tokens (requirements C46, C47). */
  context_tokens: z.int().min(500).max(200_000),
  /** Tools that it is offered: capabilities, and those of its memory; `*` is anything, a trailing `*` a beginning. The gate judges every call of them. */
  capabilities: z.array(z.string().min(1).max(200)).max(100),
  /** Ways of thinking of its own: beside the seeded ones, or in place of those of the same id. */
  frames: z.array(Frame).max(framesMax).optional(),
  /** Where what it proposes is to be done; policies list the scopes they allow. */
  scope: z.string().min(1).max(200),
});
export type AgentProfile = z.infer<typeof AgentProfile>;

/** What an agent has that was registered before agents could act: nothing. */
export const unacting = { capabilities: [] as string[], scope: 'development' };

export const AgentRegistered = event(
  'AgentRegistered',
  z.object({
    agent_id: id,
    ...AgentProfile.shape,
    capabilities: AgentProfile.shape.capabilities.default(unacting.capabilities),
    scope: AgentProfile.shape.scope.default(unacting.scope),
  }),
);
export const AgentRevised = event('AgentRevised', z.object({ agent_id: id, changes: AgentProfile.partial() }));
export const AgentPaused = event('AgentPaused', z.object({ agent_id: id, reason: z.string().max(2_000) }));
export const AgentResumed = event('AgentResumed', z.object({ agent_id: id, reason: z.string().max(2_000) }));
/** Sessions that were known to run a turn; each is asked to cancel it. Others find out by themselves (decision 0011). */
const running = z.array(id).max(100);
export const AgentStopped = event(
  'AgentStopped',
  z.object({
    agent_id: id,
    reason: z.string().max(2_000),
    running_session_ids: running,
  }),
);
export const AgentRetired = event(
  'AgentRetired',
  z.object({
    agent_id: id,
    reason: z.string().max(2_000),
    /** As where it is stopped; older events do not say. */
    running_session_ids: running.optional(),
  }),
);

export const agentEvents = [
  AgentRegistered,
  AgentRevised,
  AgentPaused,
  AgentResumed,
  AgentStopped,
  AgentRetired,
] as const;
export type AgentEvent = Occurrence<typeof agentEvents>;
