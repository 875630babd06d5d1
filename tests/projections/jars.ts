import { sql } from 'kysely';
import { z } from 'zod';
import { catalogueOf } from '../../src/domain/kernel/catalogue.ts';
import { event, type Occurrence, type Recorded } from '../../src/domain/kernel/event.ts';
import { projection, type Key } from '../../src/projections/projection.ts';

/** Jars with marbles in them: a small domain in which the order of events matters, and one event may concern two rows. */
const jar = z.uuid();
export const JarFilled = event('JarFilled', z.object({ jar_id: jar, label: z.string(), marbles: z.int() }));
export const MarblesAdded = event('MarblesAdded', z.object({ jar_id: jar, marbles: z.int() }));
export const MarblesPoured = event('MarblesPoured', z.object({ from: jar, to: jar, marbles: z.int() }));
export const JarBroken = event('JarBroken', z.object({ jar_id: jar }));
export const jarEvents = [JarFilled, MarblesAdded, MarblesPoured, JarBroken] as const;
export type JarEvent = Occurrence<typeof jarEvents>;
export const catalogue = catalogueOf(jarEvents);

export interface JarRow {
  readonly jar_id: string;
  readonly label: string;
  readonly marbles: number;
  /** Changes with every event and with the order in which they came. */
  readonly trace: number;
  readonly last: { readonly type: string; readonly stream: string };
  readonly position: bigint;
  readonly touched_at: string;
}

/** Numbers of marbles that are poison to the fold, for as long as they are in here. */
export const cursed = new Set<number>();
/** No jar holds as many, and only the database knows. */
export const marblesMax = 1_000_000;

const touched = (row: JarRow | undefined, e: Recorded, key: Key, marbles: number, label = 'unlabelled'): JarRow => {
  if (cursed.has(Math.abs(marbles))) throw new Error(`${marbles} marbles are cursed`);
  return {
    jar_id: key as string,
    label: row?.label ?? label,
    marbles: (row?.marbles ?? 0) + marbles,
    trace: ((row?.trace ?? 7) * 31 + Math.abs(marbles) + e.type.length) % 999_983,
    last: { type: e.type, stream: e.stream },
    position: e.position,
    touched_at: e.recorded_at,
  };
};

/** The read model in any version; from the second on it also says whether a jar is heavy, and weighs by `heavyMin`. */
export const jars = (version = 1, heavyMin = 100) => {
  const shown = (row: JarRow) => (version === 1 ? row : { ...row, heavy: row.marbles >= heavyMin });
  return projection<JarRow, JarEvent>({
    name: 'jars',
    version,
    table: (t) => {
      const first = t
        .addColumn('jar_id', 'uuid', (c) => c.primaryKey())
        .addColumn('label', 'text', (c) => c.notNull())
        .addColumn('marbles', 'integer', (c) => c.notNull())
        .addColumn('trace', 'integer', (c) => c.notNull())
        .addColumn('last', 'jsonb', (c) => c.notNull())
        .addColumn('position', 'bigint', (c) => c.notNull())
        .addColumn('touched_at', 'timestamptz', (c) => c.notNull())
        .addCheckConstraint('jars_hold', sql`marbles < ${sql.lit(marblesMax)}`);
      return version === 1 ? first : first.addColumn('heavy', 'boolean', (c) => c.notNull());
    },
    indexes: { by_label: (index) => index.columns(['label', 'marbles desc']) },
    key: (e) => (e.type === 'MarblesPoured' ? [e.data.from, e.data.to] : e.data.jar_id),
    on: {
      JarFilled: (row, e, key) => shown(touched(row, e, key, e.data.marbles, e.data.label)),
      MarblesAdded: (row, e, key) => shown(touched(row, e, key, e.data.marbles)),
      MarblesPoured: (row, e, key) => shown(touched(row, e, key, key === e.data.to ? e.data.marbles : -e.data.marbles)),
      JarBroken: () => null,
    },
  });
};
