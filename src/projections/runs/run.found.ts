import type { Kysely } from 'kysely';
import type { ReadModels } from '../queries.ts';
import { statement } from '../statement.ts';
import type { StepRow } from './step.row.ts';

/** A run of this tenant. */
export const runById = statement((db, run_id: string, tenant: string) =>
  db.selectFrom('runs').selectAll().where('run_id', '=', run_id).where('tenant', '=', tenant),
);

/** The steps of a run in the order of its plan; none where there is no such run. */
export const stepsOf = (db: Kysely<ReadModels>, run_id: string, tenant: string): Promise<StepRow[]> =>
  db
    .selectFrom('steps')
    .selectAll()
    .where('run_id', '=', run_id)
    .where('tenant', '=', tenant)
    .orderBy('ordinal')
    .execute();
