import type { Kind } from '../../../src/commands/kind.ts';
import type { Aggregates } from '../../../src/commands/aggregates.ts';
import type { EventLog } from '../../../src/ports.ts';
import type { DurableLog } from '../doubles/durable.log.ts';
import type { DurableRoster } from '../doubles/durable.roster.ts';
import type { World } from '../world/world.ts';

/** A bug planted from outside: a port that lies, or a pure function that is not the one it should be. */
export interface Mutant {
  readonly name: string;
  /** The log itself, for all. */
  readonly log?: (durable: DurableLog, world: World) => DurableLog;
  readonly roster?: (durable: DurableRoster) => DurableRoster;
  /** One life's way to the log. */
  readonly port?: (log: EventLog, world: World) => EventLog;
  readonly kind?: (kind: Kind) => Kind;
  /** What decides on commands that people and reactions give. */
  readonly aggregates?: (all: Aggregates) => Aggregates;
  /** Which scenario finds it; sessions where nothing is said. */
  readonly scenario?: 'runs';
}

/** The program as it is. */
export const sound: Mutant = { name: 'none' };
