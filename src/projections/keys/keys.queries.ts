import { z } from 'zod';
import { idInput } from '../../domain/kernel/id.input.ts';
import { pageInput, pageOf, paged, startOf } from '../page.ts';
import { missing, query } from '../queries.ts';
import { statement } from '../statement.ts';
import type { KeyRow } from './keys.projection.ts';

const tag = 'keys';
const scope = 'keys:admin';
const exampleId = '0198d7a0-0000-7000-8000-000000000003';

/** A key without anything that opens. */
const KeyShown = z.object({
  key_id: z.uuid(),
  name: z.string(),
  scopes: z.array(z.string()),
  roles: z.array(z.string()),
  status: z.string(),
  expires_at: z.iso.datetime().nullable(),
  revision: z.int(),
  created_at: z.iso.datetime(),
  updated_at: z.iso.datetime(),
});

const view = ({ key_id, name, scopes, roles, status, expires_at, revision, created_at, updated_at }: KeyRow) => ({
  key_id,
  name,
  scopes: [...scopes],
  roles: [...roles],
  status,
  expires_at,
  revision,
  created_at,
  updated_at,
});

const keyById = statement((db, key_id: string, tenant: string) =>
  db.selectFrom('keys').selectAll().where('key_id', '=', key_id).where('tenant', '=', tenant),
);

export const getKey = query({
  name: 'get_key',
  kind: 'query',
  summary: 'An API key, without its secret',
  scope,
  input: z.strictObject({ key_id: idInput('key') }),
  output: KeyShown,
  reads: 'keys',
  http: { method: 'GET', path: '/keys/{key_id}', tag },
  cli: 'keys show',
  examples: [{ title: 'By id', input: { key_id: exampleId } }],
  run: async (context, { key_id }, { principal }) => {
    const row = await context.ask((db) => keyById.first(db, key_id, principal.tenant));
    return row === undefined ? missing('key', key_id) : { output: view(row), revision: row.revision };
  },
});

export const listKeys = query({
  name: 'list_keys',
  kind: 'query',
  summary: 'API keys, newest first',
  scope,
  input: z.strictObject(pageInput),
  output: pageOf(KeyShown),
  reads: 'keys',
  http: { method: 'GET', path: '/keys', tag },
  cli: 'keys list',
  examples: [{ title: 'All', input: { limit: 50 } }],
  run: async (context, { limit, cursor }, { principal }) => {
    const start = startOf('list_keys', {}, cursor, ['instant', 'uuid']);
    if (start !== undefined && 'code' in start) return start;
    const rows = await context.ask((db) => {
      let asked = db.selectFrom('keys').selectAll().where('tenant', '=', principal.tenant);
      const [created_at, key_id] = start ?? [];
      if (created_at !== undefined && key_id !== undefined)
        asked = asked.where(({ eb, refTuple, tuple }) =>
          eb(refTuple('created_at', 'key_id'), '<', tuple(created_at, key_id)),
        );
      return asked
        .orderBy('created_at', 'desc')
        .orderBy('key_id', 'desc')
        .limit(limit + 1)
        .execute();
    });
    return { output: paged('list_keys', {}, limit, rows, (row) => [row.created_at, row.key_id], view) };
  },
});

export const keyQueries = [listKeys, getKey] as const;
