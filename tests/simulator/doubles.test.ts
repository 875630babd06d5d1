import { randomUUID } from 'node:crypto';
import { eventLogContract } from '../contracts/event-log.contract.ts';
import { rosterContract } from '../contracts/roster.contract.ts';
import { durableLog } from './doubles/durable.log.ts';
import { durableRoster, rosterPort } from './doubles/durable.roster.ts';
import { logPort, type Reach } from './doubles/log.port.ts';

// The simulator stands on these two; they keep the same promises as what they stand for.

const atOnce: Reach = (_, __, perform) => Promise.resolve().then(perform);
const pageEvents = (): number => 500;

eventLogContract("the simulator's log", () => {
  const durable = durableLog({ now: () => Date.now(), id: randomUUID });
  const log = logPort(durable, { reach: atOnce, pageEvents });
  return Promise.resolve({ log, can: { appendMany: true }, close: () => Promise.resolve() });
});

rosterContract("the simulator's roster", () =>
  Promise.resolve({
    fresh: () => Promise.resolve(rosterPort(durableRoster(), atOnce)),
    end: () => Promise.resolve(),
  }),
);
