import { categoryOf } from '../../domain/kernel/ids.ts';
import { projection } from '../projection.ts';
import { tenantOf } from '../../domain/kernel/tenant.ts';

export interface EventRow {
  readonly event_id: string;
  readonly position: bigint;
  readonly stream: string;
  readonly category: string;
  readonly revision: number;
  readonly type: string;
  /** Null where the writer said none that is a number. */
  readonly version: number | null;
  readonly tenant: string;
  readonly actor: string | null;
  readonly correlation_id: string | null;
  readonly causation_id: string | null;
  readonly command_id: string | null;
  readonly recorded_at: string;
}

const versionOf = (said = '1'): number | null => (/^\d{1,9}$/.test(said) ? Number(said) : null);

/** Where every event is, who caused it and with what: known types and unknown ones, never their data. */
export const eventIndex = projection<EventRow>({
  name: 'event_index',
  version: 2,
  table: (t) =>
    t
      .addColumn('event_id', 'uuid', (c) => c.primaryKey())
      .addColumn('position', 'bigint', (c) => c.notNull())
      .addColumn('stream', 'text', (c) => c.notNull())
      .addColumn('category', 'text', (c) => c.notNull())
      .addColumn('revision', 'integer', (c) => c.notNull())
      .addColumn('type', 'text', (c) => c.notNull())
      .addColumn('version', 'integer')
      .addColumn('tenant', 'text', (c) => c.notNull())
      .addColumn('actor', 'text')
      .addColumn('correlation_id', 'text')
      .addColumn('causation_id', 'text')
      .addColumn('command_id', 'text')
      .addColumn('recorded_at', 'timestamptz', (c) => c.notNull()),
  indexes: {
    by_position: (index) => index.column('position'),
    by_type: (index) => index.columns(['type', 'position']),
    by_correlation: (index) => index.columns(['correlation_id', 'position']),
    by_causation: (index) => index.column('causation_id'),
  },
  key: ({ id }) => id,
  blind: true,
  every: (_, { id, position, stream, revision, type, metadata, recorded_at }) => ({
    event_id: id,
    position,
    stream,
    category: categoryOf(stream),
    revision,
    type,
    version: versionOf(metadata['version']),
    tenant: tenantOf({ metadata }),
    actor: metadata['actor'] ?? null,
    correlation_id: metadata['$correlationId'] ?? null,
    causation_id: metadata['$causationId'] ?? null,
    command_id: metadata['command_id'] ?? null,
    recorded_at,
  }),
});
