import { agentEvents } from './agent/agent.events.ts';
import { approvalEvents } from './approval/approval.events.ts';
import { budgetEvents } from './budget/budget.events.ts';
import { capabilityEvents } from './capability/capability.events.ts';
import { decisionEvents } from './decision/decision.events.ts';
import { directiveEvents } from './directive/directive.events.ts';
import { grantEvents } from './grant/grant.events.ts';
import { catalogueOf } from './kernel/catalogue.ts';
import { keyEvents } from './key/key.events.ts';
import { policyEvents } from './policy/policy.events.ts';
import { projectionEvents } from './projection/projection.events.ts';
import { runEvents } from './run/run.events.ts';
import { sessionEvents } from './session/session.events.ts';

/** Every event this build can read. */
export const catalogue = catalogueOf(
  agentEvents,
  approvalEvents,
  budgetEvents,
  capabilityEvents,
  decisionEvents,
  directiveEvents,
  grantEvents,
  keyEvents,
  policyEvents,
  projectionEvents,
  runEvents,
  sessionEvents,
);
