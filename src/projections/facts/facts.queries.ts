import { sql, type Kysely } from 'kysely';
import { z } from 'zod';
import { idInput } from '../../domain/kernel/id.input.ts';
import { equals, single } from '../listing.ts';
import { limitMax } from '../page.ts';
import { missing, query, type ReadModels } from '../queries.ts';
import { bare, instant } from '../shown.ts';
import type { FactRow } from './facts.projection.ts';
import { Source } from '../../domain/memory/source.ts';

const tag = 'memory';
const scope = 'memory:read';
const exampleId = '0198d7a0-0000-7000-8000-000000000021';
const fact_id = idInput('fact');
const offsetMax = 100_000;
/** A chain of facts that supersede each other is followed so far (requirements N79). */
const hopsMax = 10;
const statuses = ['current', 'superseded', 'retracted'] as const;

/** A fact as it stands (requirements N74). */
const FactDetail = z.object({
  fact_id: z.uuid(),
  agent_id: z.uuid(),
  content: z.string(),
  category: z.string().nullable(),
  subject: z.string().nullable(),
  confidence: z.number(),
  tags: z.array(z.string()),
  source: Source,
  contradiction_of: z.uuid().nullable(),
  supersedes: z.uuid().nullable(),
  superseded_by: z.uuid().nullable(),
  confirmations: z.int(),
  status: z.string().meta({ description: '`current`, `superseded` or `retracted`; what was forgotten is not found.' }),
  active: z.boolean(),
  ended_reason: z.string().nullable(),
  learned_by: z.string(),
  learned_position: z.string(),
  ended_position: z.string().nullable(),
  revision: z.int(),
  learned_at: instant,
  last_confirmed_at: instant.nullable(),
  updated_at: instant,
});

const detail = (row: FactRow): z.infer<typeof FactDetail> => {
  const { tags, learned_position, ended_position, ...said } = bare(row);
  return {
    ...said,
    tags: [...tags],
    active: row.status === 'current',
    learned_position: String(learned_position),
    ended_position: ended_position === null ? null : String(ended_position),
  };
};

interface Wanted {
  readonly q?: string | undefined;
  readonly agent_id?: string | undefined;
  readonly subject?: string | undefined;
  readonly status?: (typeof statuses)[number] | undefined;
  readonly as_of?: string | undefined;
}

const words = (q: string) => sql`plainto_tsquery('english', ${q})`;

const wantedOf = (db: Kysely<ReadModels>, { q, agent_id, subject, status, as_of }: Wanted, tenant: string) => {
  let asked = db
    .selectFrom('facts')
    .where('tenant', '=', tenant)
    .where(equals('agent_id', agent_id))
    .where(equals('subject', subject))
    .where(equals('status', status));
  if (q !== undefined) asked = asked.where(sql<boolean>`to_tsvector('english', content) @@ ${words(q)}`);
  if (as_of === undefined) return asked;
  const at = BigInt(as_of);
  return asked
    .where('learned_position', '<=', at)
    .where(({ or, eb }) => or([eb('ended_position', 'is', null), eb('ended_position', '>', at)]));
};

const listFacts = query({
  name: 'list_facts',
  kind: 'query',
  summary: 'Facts, those that fit the words best first, else the newest first, and how many there are',
  description:
    '`as_of` is a position in the log: only what had been learned by then and had not ended. What was forgotten since is not ' +
    'shown, and how sure one is of a fact is said as of now.',
  scope,
  input: z.strictObject({
    q: z.string().min(1).max(1_000).optional(),
    limit: z.int().min(1).max(limitMax).default(20),
    offset: z.int().min(0).max(offsetMax).default(0),
    agent_id: idInput('agent').optional(),
    subject: z.string().min(1).max(200).optional(),
    status: z.enum(statuses).optional(),
    as_of: z
      .string()
      .regex(/^\d{1,18}$/)
      .optional(),
  }),
  output: z.object({ facts: z.array(FactDetail), total: z.int(), limit: z.int(), offset: z.int() }),
  reads: 'facts',
  http: { method: 'GET', path: '/facts', tag },
  cli: 'facts list',
  mcp: { tool: 'list_facts', read_only: true, destructive: false, idempotent: true },
  examples: [{ title: 'What is known of a lamp', input: { q: 'lamp', limit: 20, offset: 0, status: 'current' } }],
  run: async ({ ask }, { limit, offset, ...wanted }, { principal: { tenant } }) => {
    const { q } = wanted;
    const [rows, counted] = await ask((db) => {
      const asked = wantedOf(db, wanted, tenant);
      const fitting =
        q === undefined ? asked : asked.orderBy(sql`ts_rank(to_tsvector('english', content), ${words(q)})`, 'desc');
      return Promise.all([
        fitting.selectAll().orderBy('learned_position', 'desc').limit(limit).offset(offset).execute(),
        asked.select(({ fn }) => fn.countAll<bigint>().as('count')).executeTakeFirstOrThrow(),
      ]);
    });
    return { output: { facts: rows.map(detail), total: Number(counted.count), limit, offset } };
  },
});

const factById = (db: Kysely<ReadModels>, id: string, tenant: string): Promise<FactRow | undefined> =>
  db.selectFrom('facts').selectAll().where('fact_id', '=', id).where('tenant', '=', tenant).executeTakeFirst();

const getFact = single({
  name: 'get_fact',
  noun: 'fact',
  summary: 'A fact: what is held to be true, how surely, since when, and where it comes from',
  scope,
  path: '/facts/{fact_id}',
  tag,
  cli: 'facts show',
  reads: 'facts',
  example: { title: 'By id', input: { fact_id: exampleId } },
  input: { fact_id },
  output: FactDetail,
  find: (db, given, tenant) => factById(db, given.fact_id, tenant),
  view: detail,
});

const getCurrentFact = query({
  name: 'get_current_fact',
  kind: 'query',
  summary: 'What holds now in the place of a fact',
  description:
    'Follows which fact superseded which, at most ten times. `complete` is false where the chain goes on, turns in a circle, or leads to what was forgotten.',
  scope,
  input: z.strictObject({ fact_id }),
  output: z.object({ fact: FactDetail, path: z.array(z.uuid()), complete: z.boolean() }),
  reads: 'facts',
  http: { method: 'GET', path: '/facts/{fact_id}/current', tag },
  cli: 'facts current',
  examples: [{ title: 'By id', input: { fact_id: exampleId } }],
  run: async ({ ask }, given, { principal: { tenant } }) => {
    let row = await ask((db) => factById(db, given.fact_id, tenant));
    if (row === undefined) return missing('fact', given.fact_id);
    const path = [row.fact_id];
    for (let next = row.superseded_by; next !== null && path.length <= hopsMax && !path.includes(next);) {
      const id = next;
      const after = await ask((db) => factById(db, id, tenant));
      if (after === undefined) break;
      path.push(id);
      row = after;
      next = after.superseded_by;
    }
    return { output: { fact: detail(row), path, complete: row.superseded_by === null } };
  },
});

export const factQueries = [listFacts, getFact, getCurrentFact] as const;
