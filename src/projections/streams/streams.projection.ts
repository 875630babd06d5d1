import { categoryOf } from '../../domain/kernel/ids.ts';
import { projection } from '../projection.ts';
import { tenantOf } from '../../domain/kernel/tenant.ts';

export interface StreamRow {
  readonly name: string;
  readonly category: string;
  readonly tenant: string;
  readonly events: number;
  readonly first_revision: number;
  readonly last_revision: number;
  readonly first_recorded_at: string;
  readonly last_recorded_at: string;
  readonly last_position: bigint;
}

/** Every stream that the log holds events of, and how far it goes. */
export const streams = projection<StreamRow>({
  name: 'streams',
  version: 2,
  table: (t) =>
    t
      .addColumn('name', 'text', (c) => c.primaryKey())
      .addColumn('category', 'text', (c) => c.notNull())
      .addColumn('tenant', 'text', (c) => c.notNull())
      .addColumn('events', 'integer', (c) => c.notNull())
      .addColumn('first_revision', 'integer', (c) => c.notNull())
      .addColumn('last_revision', 'integer', (c) => c.notNull())
      .addColumn('first_recorded_at', 'timestamptz', (c) => c.notNull())
      .addColumn('last_recorded_at', 'timestamptz', (c) => c.notNull())
      .addColumn('last_position', 'bigint', (c) => c.notNull()),
  indexes: {
    by_category: (index) => index.columns(['category', 'last_position']),
    by_position: (index) => index.column('last_position'),
  },
  key: ({ stream }) => stream,
  every: (row, { stream, revision, position, recorded_at, metadata }) => ({
    name: stream,
    category: categoryOf(stream),
    tenant: row?.tenant ?? tenantOf({ metadata }),
    events: (row?.events ?? 0) + 1,
    first_revision: row?.first_revision ?? revision,
    last_revision: revision,
    first_recorded_at: row?.first_recorded_at ?? recorded_at,
    last_recorded_at: recorded_at,
    last_position: position,
  }),
});
