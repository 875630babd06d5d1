import type { Kysely } from 'kysely';
import type { Database } from '../schema.ts';
import { ProjectionFault } from './fault.ts';
import { standings, type Standing } from './standing.ts';

/** So many swaps during one question are no accident any more. */
const attemptsMax = 5;

/** An answer, the version of the read model that it comes from, and the position that it reflects at least. */
export interface Read<T> {
  readonly answer: T;
  readonly version: number;
  readonly position: bigint;
}

/** How the served tables are asked: in the schema `read`, and once more where a table was swapped at that very moment (F08). */
export const reading = (database: Database) => {
  const inSchema: unknown = database.db.withSchema('read');
  const ask = async <Tables, T>(question: (db: Kysely<Tables>) => Promise<T>): Promise<T> => {
    const tables = inSchema as Kysely<Tables>;
    try {
      return await question(tables);
    } catch (error) {
      if (database.faultOf(error) !== 'undefined_table') throw error;
      return question(tables);
    }
  };

  const standingOf = async (name: string): Promise<Standing> => {
    const standing = (await standings(database.db, [name])).get(name);
    if (standing === undefined) throw new ProjectionFault('refused', `${name} is not served yet`);
    return standing;
  };

  return {
    ask,
    /** A question of any number of statements, answered by one version of a read model: asked again if it was swapped. */
    read: async <Tables, T>(name: string, question: (db: Kysely<Tables>) => Promise<T>): Promise<Read<T>> => {
      let before = await standingOf(name);
      for (let attempt = 1; attempt <= attemptsMax; attempt++) {
        const answer = await ask(question);
        const after = await standingOf(name);
        if (after.epoch === before.epoch) return { answer, version: before.version, position: before.position };
        before = after;
      }
      throw new ProjectionFault('checkpoint_moved', `${name} was swapped ${attemptsMax} times during one question`);
    },
  };
};
