import { sql, type Kysely } from 'kysely';
import { z } from 'zod';
import { Category, Stakes, outcomes, relations } from '../../domain/decision/decision.events.ts';
import { idInput } from '../../domain/kernel/id.input.ts';
import { equals, oneOf, single } from '../listing.ts';
import { limitMax } from '../page.ts';
import { query, type ReadModels } from '../queries.ts';
import { bare, instant } from '../shown.ts';
import type { DecisionRow } from './decisions.projection.ts';

const tag = 'decisions';
const scope = 'decisions:read';
const exampleId = '0198d7a0-0000-7000-8000-000000000018';
const offsetMax = 100_000;
const neighboursMax = 100;

/** What a list shows of a decision (requirements N15). */
export const DecisionSummary = z.object({
  decision_id: z.uuid(),
  status: z.string(),
  description: z.string(),
  confidence: z.number(),
  category: z.string(),
  stakes: z.string(),
  outcome: z.string(),
  pattern: z.string().nullable(),
  tags: z.array(z.string()),
  quality_score: z.number(),
  created_at: instant,
});
export type DecisionSummary = z.infer<typeof DecisionSummary>;

/** A decision whole (requirements N16). */
const DecisionDetail = DecisionSummary.extend({
  agent_id: z.uuid(),
  session_id: z.uuid().nullable(),
  context: z.string().nullable(),
  outcome_result: z.string().nullable(),
  reasons: z.array(z.object({ type: z.string(), text: z.string() })),
  bridge: z.object({ structure: z.string(), function: z.string() }),
  thoughts: z.array(z.object({ id: z.uuid(), text: z.string(), created_at: instant })),
  guardrails: z.unknown().meta({ description: 'Which guardrails fired when it was recorded, and of which policy.' }),
  approval_id: z.uuid().nullable(),
  recorded_by: z.string(),
  revision: z.int(),
  updated_at: instant,
  reviewed_at: instant.nullable(),
});

export const summary = (row: DecisionRow): DecisionSummary => {
  const {
    decision_id,
    status,
    description,
    confidence,
    category,
    stakes,
    outcome,
    pattern,
    quality_score,
    created_at,
  } = row;
  const tags = [...row.tags];
  return {
    ...{ decision_id, status, description, confidence, category, stakes, outcome, pattern, tags, quality_score },
    created_at,
  };
};

const detail = (row: DecisionRow): z.infer<typeof DecisionDetail> => {
  const { tags, reasons, thoughts, ...said } = bare(row);
  return { ...said, tags: [...tags], reasons: [...reasons], thoughts: [...thoughts] };
};

/** What nobody has agreed to yet, or a guardrail forbids, is shown to those who ask for it. */
const Status = z.enum(['proposed', 'open', 'reviewed', 'blocked', 'rejected']);
const recordedOnly: z.infer<typeof Status>[] = ['open', 'reviewed'];

interface Wanted {
  readonly status: string[];
  readonly agent_id?: string | undefined;
  readonly category?: string[] | undefined;
  readonly stakes?: string[] | undefined;
  readonly outcome?: string[] | undefined;
}

const wantedOf = (db: Kysely<ReadModels>, { status, agent_id, category, stakes, outcome }: Wanted, tenant: string) =>
  db
    .selectFrom('decisions')
    .where('tenant', '=', tenant)
    .where(oneOf('status', status))
    .where(equals('agent_id', agent_id))
    .where(oneOf('category', category))
    .where(oneOf('stakes', stakes))
    .where(oneOf('outcome', outcome));

const listDecisions = query({
  name: 'list_decisions',
  kind: 'query',
  summary: 'Decisions, newest first, and how many there are',
  scope,
  input: z.strictObject({
    limit: z.int().min(1).max(limitMax).default(20),
    offset: z.int().min(0).max(offsetMax).default(0),
    status: z.array(Status).min(1).default(recordedOnly),
    agent_id: idInput('agent').optional(),
    category: z.array(Category).optional(),
    stakes: z.array(Stakes).optional(),
    outcome: z.array(z.enum(['pending', ...outcomes])).optional(),
  }),
  output: z.object({ decisions: z.array(DecisionSummary), total: z.int(), limit: z.int(), offset: z.int() }),
  reads: 'decisions',
  http: { method: 'GET', path: '/decisions', tag },
  cli: 'decisions list',
  mcp: { tool: 'decisions_list', toolset: 'audit', read_only: true, destructive: false, idempotent: true },
  examples: [
    {
      title: 'Those that are still open',
      input: { limit: 20, offset: 0, status: ['open', 'reviewed'], outcome: ['pending'] },
    },
  ],
  run: async ({ ask }, { limit, offset, ...wanted }, { principal: { tenant } }) => {
    const [rows, counted] = await ask((db) =>
      Promise.all([
        wantedOf(db, wanted, tenant)
          .selectAll()
          .orderBy('created_at', 'desc')
          .orderBy('decision_id', 'desc')
          .limit(limit)
          .offset(offset)
          .execute(),
        wantedOf(db, wanted, tenant)
          .select(({ fn }) => fn.countAll<bigint>().as('count'))
          .executeTakeFirstOrThrow(),
      ]),
    );
    return { output: { decisions: rows.map(summary), total: Number(counted.count), limit, offset } };
  },
});

const getDecision = single({
  name: 'get_decision',
  noun: 'decision',
  summary: 'A decision: what was decided and why, how sure somebody was, and how it came out',
  scope,
  path: '/decisions/{decision_id}',
  tag,
  cli: 'decisions show',
  mcp: { tool: 'decision_get', toolset: 'core' },
  reads: 'decisions',
  example: { title: 'By id', input: { decision_id: exampleId } },
  input: { decision_id: idInput('decision') },
  output: DecisionDetail,
  find: (db, { decision_id }, tenant) =>
    db
      .selectFrom('decisions')
      .selectAll()
      .where('decision_id', '=', decision_id)
      .where('tenant', '=', tenant)
      .executeTakeFirst(),
  view: detail,
});

const listNeighbours = query({
  name: 'list_neighbors',
  kind: 'query',
  summary: 'Decisions that are linked with one, in either direction, the strongest first',
  scope,
  input: z.strictObject({
    decision_id: idInput('decision'),
    relation: z.array(z.enum(relations)).optional(),
    limit: z.int().min(1).max(neighboursMax).default(10),
  }),
  output: z.object({
    neighbors: z.array(
      z.object({
        relation: z.string(),
        direction: z.enum(['to', 'from']),
        weight: z.number(),
        auto_linked: z.boolean(),
        decision: DecisionSummary,
      }),
    ),
  }),
  reads: 'decision_links',
  http: { method: 'GET', path: '/decisions/{decision_id}/neighbors', tag },
  cli: 'decisions neighbors',
  examples: [{ title: 'What it contradicts', input: { decision_id: exampleId, relation: ['contradicts'], limit: 10 } }],
  run: async ({ ask }, { decision_id, relation, limit }, { principal: { tenant } }) => {
    const rows = await ask((db) =>
      db
        .selectFrom('decision_links as l')
        .innerJoin('decisions as d', (join) =>
          join.on(
            sql<boolean>`d.decision_id = case when l.source_id = ${decision_id} then l.target_id else l.source_id end`,
          ),
        )
        .selectAll('d')
        .select(['l.relation', 'l.weight', 'l.auto_linked', 'l.source_id'])
        .where('l.tenant', '=', tenant)
        .where(({ or, eb }) => or([eb('l.source_id', '=', decision_id), eb('l.target_id', '=', decision_id)]))
        .where(oneOf('l.relation', relation))
        .orderBy('l.weight', 'desc')
        .orderBy('l.position', 'desc')
        .limit(limit)
        .execute(),
    );
    const neighbors = rows.map((row) => {
      const { relation: how, weight, auto_linked } = row;
      const direction = row.source_id === decision_id ? ('to' as const) : ('from' as const);
      return { relation: how, direction, weight, auto_linked, decision: summary(row) };
    });
    return { output: { neighbors } };
  },
});

export const decisionQueries = [listDecisions, getDecision, listNeighbours] as const;
