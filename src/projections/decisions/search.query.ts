import { sql, type Kysely } from 'kysely';
import { z } from 'zod';
import { Category, Stakes, outcomes } from '../../domain/decision/decision.events.ts';
import { idInput } from '../../domain/kernel/id.input.ts';
import { operation } from '../../domain/kernel/operation.ts';
import type { Recalled } from '../../ports.memory.ts';
import { equals, oneOf } from '../listing.ts';
import { rankOffset } from '../memory/fusion.ts';
import { semanticMax, type RecallContext } from '../memory/recall.queries.ts';
import type { ReadModels } from '../queries.ts';
import { DecisionSummary, summary } from './decisions.queries.ts';

const reads = 'decisions';
const candidatesMax = 100;
const queryCharsMax = 8_192;
/** An agent that has decided more often is searched in part: its newest decisions. */
const searchedMax = 50_000;
/** Each list offers so many times what is asked for (requirements N32). */
const candidatesPerItem = 3;

const Side = z.enum(['structure', 'function']);

const Channel = z.object({
  name: z.enum(['vector', 'text', 'bridge']),
  rank: z.int().meta({ description: 'Counted from 1.' }),
  score: z.number().meta({
    description: "The channel's own: cosine similarity, the weight of the words, or how much of the bridge they are.",
  }),
});

interface Wanted {
  readonly tenant: string;
  readonly agent_id: string;
  readonly text: string;
  readonly side: z.infer<typeof Side> | undefined;
  readonly category: string[] | undefined;
  readonly stakes: string[] | undefined;
  readonly outcome: string[] | undefined;
}

interface Looked {
  readonly id: string;
  /** How much of the bridge's side the text is, from 0 to 1; 0 where no side is asked for. */
  readonly share: number;
}

/** The decisions to look among: what is asked for, and nothing that was abandoned (requirements N35, N36). */
const lookedAmong = async (db: Kysely<ReadModels>, wanted: Wanted): Promise<readonly Looked[]> => {
  const { tenant, agent_id, side, category, stakes, outcome } = wanted;
  const text = wanted.text.replaceAll('\0', ' ').toWellFormed();
  const bridge = sql<string>`bridge ->> ${sql.lit(side ?? 'structure')}`;
  const share = sql<number>`char_length(${text})::float8 / greatest(char_length(${bridge}), 1)`;
  const rows = await db
    .selectFrom('decisions')
    .select('decision_id as id')
    .select(side === undefined ? sql<number>`0::float8`.as('share') : share.as('share'))
    .where('tenant', '=', tenant)
    .where(equals('agent_id', agent_id))
    .where(oneOf('status', ['open', 'reviewed']))
    .where(oneOf('category', category))
    .where(oneOf('stakes', stakes))
    .where(oneOf('outcome', outcome))
    .where(sql<boolean>`not (outcome = 'failure' and confidence = 0)`)
    .$if(side !== undefined, (q) => q.where(sql<boolean>`strpos(lower(${bridge}), lower(${text})) > 0`))
    .orderBy('created_at', 'desc')
    .orderBy('decision_id')
    .limit(searchedMax)
    .execute();
  return rows.map(({ id, share: part }) => ({ id, share: part }));
};

interface Hit {
  readonly id: string;
  readonly score: number;
  readonly channels: readonly z.infer<typeof Channel>[];
}

/** What memory found, and where a side of the bridge is asked for also what it says, as a list of its own. */
const merged = (items: readonly Recalled[], bridged: readonly Looked[]): readonly Hit[] => {
  const hits = new Map<string, Hit>(items.map(({ id, score, channels }) => [id, { id, score, channels }]));
  for (const [place, { id, share }] of bridged.entries()) {
    const rank = place + 1;
    const { score = 0, channels = [] } = hits.get(id) ?? {};
    const bridge = { name: 'bridge' as const, rank, score: share };
    hits.set(id, { id, score: score + 1 / (rankOffset + rank), channels: [...channels, bridge] });
  }
  return [...hits.values()].toSorted((one, other) => other.score - one.score || (one.id < other.id ? -1 : 1));
};

const fullest = (one: Looked, other: Looked): number => other.share - one.share || (one.id < other.id ? -1 : 1);

export const queryDecisions = operation<RecallContext>()({
  name: 'query_decisions',
  kind: 'query',
  summary: 'Decisions that have to do with something, the best first, and why each was found',
  description:
    'Searched by words, and by meaning where a provider of embeddings is set: one list by reciprocal rank. What is asked ' +
    'for by category, stakes, outcome or bridge is searched alone. With `bridge_side`, `query_text` must stand on that side ' +
    'of the bridge: what the decision is, or what it is for. Abandoned decisions are not found.',
  scope: 'decisions:read',
  input: z.strictObject({
    query_text: z.string().trim().min(1).max(queryCharsMax),
    limit: z.int().min(1).max(semanticMax).default(10),
    agent_id: idInput('agent').optional().meta({ description: 'The default agent where left out.' }),
    category: z.array(Category).optional(),
    stakes: z.array(Stakes).optional(),
    outcome: z.array(z.enum(['pending', ...outcomes])).optional(),
    bridge_side: Side.optional(),
  }),
  output: z.object({
    hits: z.array(
      z.object({
        score: z.number().meta({ description: 'The sum of 1/(60 + rank) over its channels.' }),
        channels: z.array(Channel),
        decision: DecisionSummary,
      }),
    ),
    without: z
      .array(z.object({ name: Channel.shape.name, why: z.string() }))
      .meta({ description: 'Channels that could not be asked; the others answered.' }),
  }),
  reads,
  http: { method: 'GET', path: '/decisions/search', tag: 'decisions' },
  cli: 'decisions search',
  mcp: { tool: 'decisions_search', toolset: 'audit', read_only: true, destructive: false, idempotent: true },
  examples: [
    {
      title: 'What was decided about storage, and is still open',
      input: { query_text: 'where events are stored', limit: 10, outcome: ['pending'] },
    },
  ],
  run: async ({ ask, memory, served, default_agent_id }, input, { principal: { tenant }, signal }) => {
    const { query_text: text, limit, agent_id = default_agent_id, bridge_side: side, ...filters } = input;
    const { category, stakes, outcome } = filters;
    const at = served(reads);
    const looked = await ask((db) => lookedAmong(db, { tenant, agent_id, text, side, category, stakes, outcome }));
    const candidates = Math.min(candidatesMax, side === undefined ? limit : limit * candidatesPerItem);
    const bridged = side === undefined ? [] : looked.toSorted(fullest).slice(0, limit * candidatesPerItem);
    const query = {
      ...{ tenant, agent_id, text, kinds: ['decision' as const], limit: candidates, ids: looked.map(({ id }) => id) },
      ...(at === undefined ? {} : { at_least: at.position }),
    };
    const { items, without } = await memory.recall(query, signal);
    const best = merged(items, bridged).slice(0, limit);
    const ids = best.map(({ id }) => id);
    const rows = await ask((db) =>
      db
        .selectFrom('decisions')
        .selectAll()
        .where(sql<boolean>`decision_id = any(${ids}::uuid[])`)
        .execute(),
    );
    const rowOf = new Map(rows.map((row) => [row.decision_id, row]));
    const hits = best.flatMap(({ id, score, channels }) => {
      const row = rowOf.get(id);
      return row === undefined ? [] : [{ score, channels: [...channels], decision: summary(row) }];
    });
    return {
      output: { hits, without: [...without] },
      ...(at === undefined ? { projection: reads } : { projection: `${reads}@${at.version}`, position: at.position }),
    };
  },
});
