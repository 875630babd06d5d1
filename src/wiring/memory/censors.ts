import type { Kysely } from 'kysely';
import { censorsMax } from '../../domain/censor/censor.caps.ts';
import type { CensorInForce, Memory } from '../../ports.memory.ts';
import type { EventLog } from '../../ports.ts';
import { inForce } from '../../projections/censors/in-force.ts';
import type { Project } from '../../projections/project.ts';
import type { ReadModels } from '../../projections/queries.ts';

const name = 'censors';
/** A censor that was just made is waited for: a text is not let pass while it is not visible. */
const waitMsMax = 5_000;
/** Of so many agents it is remembered what was in force; the one asked for longest ago goes first. */
const agentsMax = 1_000;

export interface CensorParts {
  readonly read: Pick<Project, 'ask' | 'reached' | 'served'>;
  readonly log: Pick<EventLog, 'readAll'>;
  /** Where the newest censor stands that was made or changed through this node. */
  readonly newest: () => bigint | undefined;
}

interface Known {
  /** All that was recorded up to here is among them. */
  readonly position: bigint;
  readonly censors: readonly CensorInForce[];
}

/**
 * The censors of an agent that are in force: see the port `Memory`. While the read models are away, what was in force stays so for
 * as long as the log itself has recorded nothing about any censor since; a turn does not need the read models for it.
 */
export const censorsOf = ({ read, log, newest }: CensorParts): Memory['censors'] => {
  const known = new Map<string, Known>();

  const asRead = async (of: Parameters<Memory['censors']>[0]): Promise<Known> => {
    const made = newest();
    if (made !== undefined && !(await read.reached(name, made, { wait_ms: waitMsMax })).reached)
      throw new Error('a censor that was made is not visible yet');
    const position = read.served(name)?.position ?? -1n;
    const ask = <T>(question: (db: Kysely<ReadModels>) => Promise<T>): Promise<T> => read.ask<ReadModels, T>(question);
    const censors = await inForce(ask, { ...of, limit: censorsMax + 1 });
    if (censors.length > censorsMax) throw new Error(`more than ${censorsMax} censors are in force: lift some of them`);
    return { position, censors };
  };

  const isStill = async ({ position }: Known): Promise<boolean> => {
    const from = position < 0n ? 'start' : position;
    for await (const page of log.readAll({ from, filter: { by: 'type_prefix', prefixes: ['Censor'] } }))
      if (page.some((event) => event.position > position)) return false;
    return true;
  };

  return async (of) => {
    const key = `${of.tenant}\n${of.agent_id}`;
    const before = known.get(key);
    try {
      const now = await asRead(of);
      known.delete(key);
      known.set(key, now);
      const [oldest] = known.keys();
      if (known.size > agentsMax && oldest !== undefined) known.delete(oldest);
      return now.censors;
    } catch (error) {
      if (before !== undefined && (await isStill(before))) return before.censors;
      throw error;
    }
  };
};
