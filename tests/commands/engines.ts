import { randomUUID } from 'node:crypto';
import { engine, type Engine } from '../../src/commands/execute.ts';
import type { Provenance } from '../../src/commands/record.ts';
import { catalogue as everything } from '../../src/domain/catalogue.ts';
import type { Catalogue } from '../../src/domain/kernel/catalogue.ts';
import { LogError, type Clock, type EventLog, type StoredEvent, type Telemetry } from '../../src/ports.ts';

/** Numbers and spans that nobody reads. */
export const noTelemetry: Telemetry = {
  count: () => {},
  observe: () => {},
  gauge: () => {},
  timer: () => () => {},
  span: (_, __, work) => work(),
  traceparent: () => undefined,
};

/** This machine's clock, and how far a test has moved it. */
export const movableClock = (): Clock & { ahead: number } => {
  const clock = { ahead: 0, now: () => Date.now() + clock.ahead, id: () => randomUUID(), chance: () => Math.random() };
  return clock;
};

/** A node's engine on a log: each is a node of its own, with a memory of its own. */
export const engineOn = (log: EventLog, catalogue: Catalogue = everything, clock: Clock = movableClock()): Engine =>
  engine({ log, catalogue, clock, telemetry: noTelemetry });

export const eventsIn = async (log: EventLog, stream: string): Promise<readonly StoredEvent[]> => {
  const events: StoredEvent[] = [];
  for await (const page of log.read(stream)) events.push(...page);
  return events;
};

export const typesIn = async (log: EventLog, stream: string): Promise<readonly string[]> =>
  (await eventsIn(log, stream)).map(({ type }) => type);

/** A log in which something goes wrong, as long as a test wants it to. */
export const troubled = (log: EventLog) => {
  const trouble = {
    /** Appends that are done although their caller is told that nobody knows. */
    unheard: 0,
    /** Appends that are not done, and their caller is told that nobody knows. */
    unsent: 0,
    /** Nothing is read or written while this holds. */
    down: false,
    /** Done before each append: what somebody else does in between. */
    before: async (_stream: string): Promise<void> => {},
    appends: 0,
    reads: 0,
  };
  const reach = (): void => {
    if (trouble.down) throw new LogError('unavailable', 'the log is out of reach');
  };
  const read: EventLog['read'] = async function* (stream, options) {
    reach();
    trouble.reads += 1;
    yield* log.read(stream, options);
  };
  const append: EventLog['append'] = async (stream, expected, events) => {
    reach();
    await trouble.before(stream);
    trouble.appends += 1;
    if (trouble.unsent > 0) {
      trouble.unsent -= 1;
      throw new LogError('unavailable', 'the connection was reset');
    }
    const outcome = await log.append(stream, expected, events);
    if (trouble.unheard > 0) {
      trouble.unheard -= 1;
      throw new LogError('timeout', 'no answer came in time');
    }
    return outcome;
  };
  return { trouble, log: { ...log, read, append } satisfies EventLog };
};

export const provenance = (command_id: string = randomUUID(), more: Partial<Provenance> = {}): Provenance => ({
  command_id,
  actor: 'user:test',
  tenant: 'default',
  correlation_id: command_id,
  ...more,
});
