import { z } from 'zod';
import { idInput } from '../../domain/kernel/id.input.ts';
import { Source } from '../../domain/memory/source.ts';
import { equals, single } from '../listing.ts';
import { limitMax } from '../page.ts';
import { query } from '../queries.ts';
import { bare, instant } from '../shown.ts';
import type { CensorRow } from './censors.projection.ts';

const tag = 'memory';
const scope = 'memory:read';
const exampleId = '0198d7a0-0000-7000-8000-000000000024';
const offsetMax = 100_000;

/** A censor as it stands (requirements N86). */
const CensorDetail = z.object({
  censor_id: z.uuid(),
  agent_id: z.uuid(),
  trigger: z.string(),
  reason: z.string(),
  action: z.string(),
  domain: z.string().nullable(),
  origin: z.string(),
  escalation_threshold: z.int(),
  source: Source,
  activations: z.int(),
  false_positives: z.int(),
  mostly_false: z.boolean().meta({ description: 'More than half of its hits were wrong. Somebody should look at it.' }),
  active: z.boolean(),
  created_by: z.string(),
  revision: z.int(),
  created_at: instant,
  last_activated_at: instant.nullable(),
  updated_at: instant,
});

/** A censor that is mostly wrong is said to be, and goes on until a person lifts it (requirements N91). */
const detail = (row: CensorRow): z.infer<typeof CensorDetail> => ({
  ...bare(row),
  mostly_false: row.false_positives * 2 > row.activations,
});

const listCensors = query({
  name: 'list_censors',
  kind: 'query',
  summary: 'Censors that are in force, newest first, and how many there are',
  scope,
  input: z.strictObject({
    limit: z.int().min(1).max(limitMax).default(50),
    offset: z.int().min(0).max(offsetMax).default(0),
    agent_id: idInput('agent').optional(),
    active: z.boolean().default(true),
  }),
  output: z.object({ censors: z.array(CensorDetail), total: z.int(), limit: z.int(), offset: z.int() }),
  reads: 'censors',
  http: { method: 'GET', path: '/censors', tag },
  cli: 'censors list',
  examples: [{ title: 'Those in force', input: { limit: 50, offset: 0, active: true } }],
  run: async ({ ask }, { limit, offset, agent_id, active }, { principal: { tenant } }) => {
    const [rows, counted] = await ask((db) => {
      const asked = db
        .selectFrom('censors')
        .where('tenant', '=', tenant)
        .where('active', '=', active)
        .where(equals('agent_id', agent_id));
      return Promise.all([
        asked
          .selectAll()
          .orderBy('created_at', 'desc')
          .orderBy('censor_id', 'desc')
          .limit(limit)
          .offset(offset)
          .execute(),
        asked.select(({ fn }) => fn.countAll<bigint>().as('count')).executeTakeFirstOrThrow(),
      ]);
    });
    return { output: { censors: rows.map(detail), total: Number(counted.count), limit, offset } };
  },
});

const getCensor = single({
  name: 'get_censor',
  noun: 'censor',
  summary: 'A censor: what not to do and why, and how often it struck',
  scope,
  path: '/censors/{censor_id}',
  tag,
  cli: 'censors show',
  reads: 'censors',
  example: { title: 'By id', input: { censor_id: exampleId } },
  input: { censor_id: idInput('censor') },
  output: CensorDetail,
  find: (db, { censor_id }, tenant) =>
    db
      .selectFrom('censors')
      .selectAll()
      .where('censor_id', '=', censor_id)
      .where('tenant', '=', tenant)
      .executeTakeFirst(),
  view: detail,
});

export const censorQueries = [listCensors, getCensor] as const;
