import { z } from 'zod';
import { idInput } from '../../domain/kernel/id.input.ts';
import { Source } from '../../domain/memory/source.ts';
import { ProcedureDomain } from '../../domain/procedure/procedure.events.ts';
import { effectivenessOf } from '../../domain/procedure/procedure.state.ts';
import { equals, single } from '../listing.ts';
import { limitMax } from '../page.ts';
import { query } from '../queries.ts';
import { bare, instant } from '../shown.ts';
import type { ProcedureRow } from './procedures.projection.ts';

const tag = 'memory';
const scope = 'memory:read';
const exampleId = '0198d7a0-0000-7000-8000-000000000023';
const offsetMax = 100_000;

/** A procedure as it stands (requirements N82, N84). */
const ProcedureDetail = z.object({
  procedure_id: z.uuid(),
  agent_id: z.uuid(),
  name: z.string(),
  domain: z.string().nullable(),
  description: z.string().nullable(),
  goals: z.array(z.string()),
  core_patterns: z.array(z.string()),
  core_tools: z.array(z.string()),
  core_concepts: z.array(z.string()),
  implementation_notes: z.array(z.string()),
  tags: z.array(z.string()),
  source: Source,
  activations: z.int(),
  successes: z.int(),
  failures: z.int(),
  neutrals: z.int(),
  effectiveness: z.number().meta({ description: '(successes + 1) / (successes + failures + 2): a new one is at 0.5.' }),
  success_share: z.number().nullable().meta({ description: 'As counted; null where nothing was.' }),
  active: z.boolean(),
  recorded_by: z.string(),
  revision: z.int(),
  created_at: instant,
  last_activated_at: instant.nullable(),
  updated_at: instant,
});

const detail = (row: ProcedureRow): z.infer<typeof ProcedureDetail> => {
  const { goals, core_patterns, core_tools, core_concepts, implementation_notes, tags, ...said } = bare(row);
  return {
    ...said,
    goals: [...goals],
    core_patterns: [...core_patterns],
    core_tools: [...core_tools],
    core_concepts: [...core_concepts],
    implementation_notes: [...implementation_notes],
    tags: [...tags],
    ...effectivenessOf(row),
  };
};

const listProcedures = query({
  name: 'list_procedures',
  kind: 'query',
  summary: 'Procedures that are in use, newest first, and how many there are',
  scope,
  input: z.strictObject({
    limit: z.int().min(1).max(limitMax).default(20),
    offset: z.int().min(0).max(offsetMax).default(0),
    agent_id: idInput('agent').optional(),
    domain: ProcedureDomain.optional(),
    active: z.boolean().default(true),
  }),
  output: z.object({ procedures: z.array(ProcedureDetail), total: z.int(), limit: z.int(), offset: z.int() }),
  reads: 'procedures',
  http: { method: 'GET', path: '/procedures', tag },
  cli: 'procedures list',
  examples: [{ title: 'Those for debugging', input: { limit: 20, offset: 0, domain: 'debugging', active: true } }],
  run: async ({ ask }, { limit, offset, agent_id, domain, active }, { principal: { tenant } }) => {
    const [rows, counted] = await ask((db) => {
      const asked = db
        .selectFrom('procedures')
        .where('tenant', '=', tenant)
        .where('active', '=', active)
        .where(equals('agent_id', agent_id))
        .where(equals('domain', domain));
      return Promise.all([
        asked
          .selectAll()
          .orderBy('created_at', 'desc')
          .orderBy('procedure_id', 'desc')
          .limit(limit)
          .offset(offset)
          .execute(),
        asked.select(({ fn }) => fn.countAll<bigint>().as('count')).executeTakeFirstOrThrow(),
      ]);
    });
    return { output: { procedures: rows.map(detail), total: Number(counted.count), limit, offset } };
  },
});

const getProcedure = single({
  name: 'get_procedure',
  noun: 'procedure',
  summary: 'A procedure: what it is for, what it consists of, and how often it went well',
  scope,
  path: '/procedures/{procedure_id}',
  tag,
  cli: 'procedures show',
  reads: 'procedures',
  example: { title: 'By id', input: { procedure_id: exampleId } },
  input: { procedure_id: idInput('procedure') },
  output: ProcedureDetail,
  find: (db, { procedure_id }, tenant) =>
    db
      .selectFrom('procedures')
      .selectAll()
      .where('procedure_id', '=', procedure_id)
      .where('tenant', '=', tenant)
      .executeTakeFirst(),
  view: detail,
});

export const procedureQueries = [listProcedures, getProcedure] as const;
