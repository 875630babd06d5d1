import type { KeyEvent } from '../../domain/key/key.events.ts';
import { projection } from '../projection.ts';

export interface KeyRow {
  readonly key_id: string;
  readonly tenant: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly roles: readonly string[];
  readonly status: string;
  readonly secret_hash: string;
  readonly previous_hash: string | null;
  readonly previous_until: string | null;
  readonly expires_at: string | null;
  readonly revision: number;
  readonly created_at: string;
  readonly updated_at: string;
}

/** Every API key, with the hash of its secret and never the secret. */
export const keys = projection<KeyRow, KeyEvent>({
  name: 'keys',
  version: 2,
  table: (t) =>
    t
      .addColumn('key_id', 'uuid', (c) => c.primaryKey())
      .addColumn('tenant', 'text', (c) => c.notNull())
      .addColumn('name', 'text', (c) => c.notNull())
      .addColumn('scopes', 'jsonb', (c) => c.notNull())
      .addColumn('roles', 'jsonb', (c) => c.notNull())
      .addColumn('status', 'text', (c) => c.notNull())
      .addColumn('secret_hash', 'text', (c) => c.notNull())
      .addColumn('previous_hash', 'text')
      .addColumn('previous_until', 'timestamptz')
      .addColumn('expires_at', 'timestamptz')
      .addColumn('revision', 'integer', (c) => c.notNull())
      .addColumn('created_at', 'timestamptz', (c) => c.notNull())
      .addColumn('updated_at', 'timestamptz', (c) => c.notNull()),
  key: ({ data }) => data.key_id,
  on: {
    KeyIssued: (_, { data, metadata, revision, recorded_at }) => ({
      ...data,
      tenant: metadata['tenant'] ?? 'default',
      status: 'issued',
      previous_hash: null,
      previous_until: null,
      revision,
      created_at: recorded_at,
      updated_at: recorded_at,
    }),
    KeyRotated: (row, { data, revision, recorded_at }) => {
      if (row === undefined) return null;
      const { secret_hash, previous_until, expires_at } = data;
      const previous_hash = row.secret_hash;
      return { ...row, secret_hash, previous_hash, previous_until, expires_at, revision, updated_at: recorded_at };
    },
    KeyRevoked: (row, { revision, recorded_at }) =>
      row === undefined ? null : { ...row, status: 'revoked', revision, updated_at: recorded_at },
  },
});
