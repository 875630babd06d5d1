import { agentEvents } from './agent/agent.events.ts';
import { catalogueOf } from './kernel/catalogue.ts';
import { keyEvents } from './key/key.events.ts';
import { projectionEvents } from './projection/projection.events.ts';
import { sessionEvents } from './session/session.events.ts';

/** Every event this build can read. */
export const catalogue = catalogueOf(agentEvents, keyEvents, projectionEvents, sessionEvents);
