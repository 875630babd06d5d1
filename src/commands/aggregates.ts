import { approval } from '../domain/approval/approval.decider.ts';
import { approvalLifecycle } from '../domain/approval/approval.lifecycle.ts';
import { budget } from '../domain/budget/budget.decider.ts';
import { budgetLifecycle } from '../domain/budget/budget.lifecycle.ts';
import { capability } from '../domain/capability/capability.decider.ts';
import { capabilityLifecycle } from '../domain/capability/capability.lifecycle.ts';
import { decision } from '../domain/decision/decision.decider.ts';
import { decisionLifecycle } from '../domain/decision/decision.lifecycle.ts';
import { directive } from '../domain/directive/directive.decider.ts';
import { directiveLifecycle } from '../domain/directive/directive.lifecycle.ts';
import { grant } from '../domain/grant/grant.decider.ts';
import { grantLifecycle } from '../domain/grant/grant.lifecycle.ts';
import { policy } from '../domain/policy/policy.decider.ts';
import { policyLifecycle } from '../domain/policy/policy.lifecycle.ts';
import { run } from '../domain/run/run.decider.ts';
import { runLifecycle } from '../domain/run/run.lifecycle.ts';
import { agent } from '../domain/agent/agent.decider.ts';
import { agentLifecycle } from '../domain/agent/agent.lifecycle.ts';
import { censor } from '../domain/censor/censor.decider.ts';
import { censorLifecycle } from '../domain/censor/censor.lifecycle.ts';
import { episode } from '../domain/episode/episode.decider.ts';
import { episodeLifecycle } from '../domain/episode/episode.lifecycle.ts';
import { fact } from '../domain/fact/fact.decider.ts';
import { factLifecycle } from '../domain/fact/fact.lifecycle.ts';
import { procedure } from '../domain/procedure/procedure.decider.ts';
import { procedureLifecycle } from '../domain/procedure/procedure.lifecycle.ts';
import { workingMemory } from '../domain/working-memory/working-memory.decider.ts';
import { workingMemoryLifecycle } from '../domain/working-memory/working-memory.lifecycle.ts';
import type { Decider } from '../domain/kernel/decider.ts';
import type { Event } from '../domain/kernel/event.ts';
import type { Lifecycle } from '../domain/kernel/lifecycle.ts';
import { key } from '../domain/key/key.decider.ts';
import { keyLifecycle } from '../domain/key/key.lifecycle.ts';
import { projectionUpkeep } from '../domain/projection/projection.decider.ts';
import { projectionLifecycle } from '../domain/projection/projection.lifecycle.ts';
import { session } from '../domain/session/session.decider.ts';
import { sessionLifecycle } from '../domain/session/session.lifecycle.ts';

/** A decider whose types are known to nobody but itself; what comes out of it goes back into it only. */
export type AnyDecider = Decider<never, unknown, Event, unknown>;

/** What decides for a category of streams, and what its lifecycle allows in a phase. */
export interface Aggregate {
  readonly decider: AnyDecider;
  readonly steps: (phase: string) => readonly string[];
}

export type Aggregates = ReadonlyMap<string, Aggregate>;

const aggregate = <Command, State, Ev extends Event, Refusal, Phase extends string, Step extends string>(
  decider: Decider<Command, State, Ev, Refusal>,
  life: Lifecycle<Phase, Step>,
): Aggregate => ({
  decider: decider as unknown as AnyDecider,
  steps: (phase) => life.steps(phase as Phase),
});

/** Every aggregate, by the noun its streams begin with. */
export const aggregates: Aggregates = new Map([
  ['agent', aggregate(agent, agentLifecycle)],
  ['session', aggregate(session, sessionLifecycle)],
  ['key', aggregate(key, keyLifecycle)],
  ['projection', aggregate(projectionUpkeep, projectionLifecycle)],
  ['approval', aggregate(approval, approvalLifecycle)],
  ['budget', aggregate(budget, budgetLifecycle)],
  ['capability', aggregate(capability, capabilityLifecycle)],
  ['decision', aggregate(decision, decisionLifecycle)],
  ['censor', aggregate(censor, censorLifecycle)],
  ['directive', aggregate(directive, directiveLifecycle)],
  ['episode', aggregate(episode, episodeLifecycle)],
  ['fact', aggregate(fact, factLifecycle)],
  ['grant', aggregate(grant, grantLifecycle)],
  ['policy', aggregate(policy, policyLifecycle)],
  ['procedure', aggregate(procedure, procedureLifecycle)],
  ['run', aggregate(run, runLifecycle)],
  ['working_memory', aggregate(workingMemory, workingMemoryLifecycle)],
]);
