import { chained } from '../../../src/commands/chain.ts';
import { LogError, type Clock, type EventLog, type Journal, type Model, type Roster } from '../../../src/ports.ts';
import { rosterPort } from '../doubles/durable.roster.ts';
import { logPort } from '../doubles/log.port.ts';
import { lineOf, type Missing } from './calls.ts';
import { modelDouble } from './model.double.ts';
import { outsidePort, type OutsidePort } from './outside.ts';
import type { Stage } from './stage.ts';
import type { Generation } from './world.ts';

const pageEventsMax = 200;

/** All that one life of a node has of the world. */
export interface Ports {
  readonly log: EventLog;
  readonly roster: Roster;
  readonly clock: Clock;
  readonly journal: Journal;
  readonly model: Model;
  /** Calls of capabilities; each that arrives stands in the ledger. */
  readonly outside: OutsidePort;
}

const logFailure = (missing: Missing, operation: string): Error =>
  missing === 'refused'
    ? new LogError('unavailable', `${operation}: the log is out of reach`)
    : new LogError('timeout', `${operation}: no answer came in time`);

const logOf = (stage: Stage, life: Generation): EventLog => {
  const { world, weather, history, log, mutant } = stage;
  const { chance, reach } = world;
  const line = lineOf({ world, weather, link: 'log', owner: life, die: stage.die, failure: logFailure });
  const port = logPort(log, {
    reach: line,
    pageEvents: () => (weather.swarm.smallPages ? chance.between(1, 3) : pageEventsMax),
    deliver: (run) => world.after(chance.between(1, 5), 'news', run, life),
    trouble: () => {
      const { cuts, duplicates } = weather.swarm;
      const wrong = chance.happens(cuts) ? 'cut' : chance.happens(duplicates) ? 'again' : undefined;
      if (wrong !== undefined) reach(`subscription_${wrong}`);
      return wrong;
    },
  });
  const append: EventLog['append'] = async (stream, expected, events) => {
    const answer = await port.append(stream, expected, events);
    if (answer.ok) {
      const ids = events.map(({ id }) => id);
      history.told.push({ name: life.name, generation: life.number, moment: world.moment(), ids });
    } else {
      reach('conflict');
      if (life.heldUntil > 0) reach('zombie_refused');
    }
    return answer;
  };
  const whole = { ...port, append };
  return chained(mutant.port === undefined ? whole : mutant.port(whole, world));
};

/** The world as one life sees it: its calls meet the faults of the seed, its clock is as wrong as the seed has it. */
export const portsOf = (stage: Stage, life: Generation): Ports => {
  const { world, weather } = stage;
  const { chance, reach, trace } = world;
  const failure = (missing: Missing, operation: string): Error => new Error(`the roster: ${operation}: ${missing}`);
  const line = lineOf({ world, weather, link: 'roster', owner: life, die: stage.die, failure });
  const told =
    (level: string): Journal['info'] =>
    (event, fields) => {
      reach(`journal.${event}`);
      trace.line(`  ${life.name}.${life.number} ${level} ${event} ${JSON.stringify(fields)}`);
    };
  return {
    log: logOf(stage, life),
    roster: rosterPort(stage.roster, line),
    clock: {
      now: () => world.now() + (weather.ahead.get(life.name) ?? 0),
      id: chance.id,
      chance: chance.next,
    },
    journal: { debug: told('debug'), info: told('info'), warn: told('warn'), error: told('error') },
    model: modelDouble(stage, life),
    outside: outsidePort(stage, life),
  };
};
