import { agentEvents } from './agent/agent.events.ts';
import { approvalEvents } from './approval/approval.events.ts';
import { budgetEvents } from './budget/budget.events.ts';
import { capabilityEvents } from './capability/capability.events.ts';
import { censorEvents } from './censor/censor.events.ts';
import { decisionEvents } from './decision/decision.events.ts';
import { directiveEvents } from './directive/directive.events.ts';
import { episodeEvents } from './episode/episode.events.ts';
import { factEvents } from './fact/fact.events.ts';
import { grantEvents } from './grant/grant.events.ts';
import { catalogueOf } from './kernel/catalogue.ts';
import { keyEvents } from './key/key.events.ts';
import { policyEvents } from './policy/policy.events.ts';
import { procedureEvents } from './procedure/procedure.events.ts';
import { projectionEvents } from './projection/projection.events.ts';
import { runEvents } from './run/run.events.ts';
import { sessionEvents } from './session/session.events.ts';
import { workingMemoryEvents } from './working-memory/working-memory.events.ts';

/** Every event this build can read. */
export const catalogue = catalogueOf(
  agentEvents,
  approvalEvents,
  budgetEvents,
  capabilityEvents,
  censorEvents,
  decisionEvents,
  directiveEvents,
  episodeEvents,
  factEvents,
  grantEvents,
  keyEvents,
  policyEvents,
  procedureEvents,
  projectionEvents,
  runEvents,
  sessionEvents,
  workingMemoryEvents,
);
