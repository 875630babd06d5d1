import type { Compilable, CompiledQuery, Kysely } from 'kysely';
import type { ReadModels } from './queries.ts';

/** Stands in a statement for a text that each asking brings. */
interface Hole {
  readonly index: number;
}

const holesMax = 8;
const holes: readonly Hole[] = Array.from({ length: holesMax }, (_, index) => Object.freeze({ index }));
const isHole = (value: unknown): value is Hole => holes.includes(value as Hole);

/**
 * A question whose text is built once for a database, and asked with other texts each time: building it costs as much as
 * sending it. `build` sees stand-ins where the texts will be, and must not look at them. At most eight of them.
 */
export const statement = <Texts extends readonly string[], Row>(
  build: (db: Kysely<ReadModels>, ...texts: Texts) => Compilable<Row>,
) => {
  const built = new WeakMap<Kysely<ReadModels>, CompiledQuery<Row>>();
  const compiled = (db: Kysely<ReadModels>): CompiledQuery<Row> => {
    const known = built.get(db) ?? build(db, ...(holes as unknown as Texts)).compile();
    built.set(db, known);
    return known;
  };
  return {
    /** The first row, if there is one. */
    first: async (db: Kysely<ReadModels>, ...texts: Texts): Promise<Row | undefined> => {
      const asked = compiled(db);
      const parameters = asked.parameters.map((value) => (isHole(value) ? texts[value.index] : value));
      const { rows } = await db.executeQuery<Row>({ ...asked, parameters });
      return rows[0];
    },
  };
};
