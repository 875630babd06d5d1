import { z } from 'zod';
import { episodeOutcomes } from '../../domain/episode/episode.events.ts';
import { idInput } from '../../domain/kernel/id.input.ts';
import { equals, single } from '../listing.ts';
import { limitMax } from '../page.ts';
import { query } from '../queries.ts';
import { bare, instant } from '../shown.ts';
import type { EpisodeRow } from './episodes.projection.ts';

const tag = 'memory';
const scope = 'memory:read';
const exampleId = '0198d7a0-0000-7000-8000-000000000022';
const offsetMax = 100_000;
const outcomes = ['ongoing', ...episodeOutcomes] as const;

/** An episode as it stands (requirements N71). */
const EpisodeDetail = z.object({
  episode_id: z.uuid(),
  agent_id: z.uuid(),
  session_id: z.uuid().nullable(),
  title: z.string().nullable(),
  summary: z.string(),
  detail: z.string().nullable(),
  frame: z.string().nullable(),
  trigger: z.string().nullable(),
  participants: z.array(z.string()),
  tags: z.array(z.string()),
  outcome: z.string(),
  lessons: z.array(z.string()),
  surprise: z.number().nullable(),
  active: z.boolean(),
  decision_ids: z.array(z.uuid()),
  procedures: z.array(z.object({ procedure_id: z.uuid(), effectiveness: z.string() })),
  duration_ms: z.number().nullable(),
  recorded_by: z.string(),
  revision: z.int(),
  started_at: instant,
  ended_at: instant.nullable(),
  updated_at: instant,
});

const detail = (row: EpisodeRow): z.infer<typeof EpisodeDetail> => {
  const { participants, tags, lessons, decision_ids, procedures, duration_ms, ...said } = bare(row);
  return {
    ...said,
    participants: [...participants],
    tags: [...tags],
    lessons: [...lessons],
    decision_ids: [...decision_ids],
    procedures: [...procedures],
    duration_ms: duration_ms === null ? null : Number(duration_ms),
  };
};

const listEpisodes = query({
  name: 'list_episodes',
  kind: 'query',
  summary: 'Episodes, newest first, and how many there are',
  scope,
  input: z.strictObject({
    limit: z.int().min(1).max(limitMax).default(10),
    offset: z.int().min(0).max(offsetMax).default(0),
    agent_id: idInput('agent').optional(),
    outcome: z.enum(outcomes).optional(),
  }),
  output: z.object({ episodes: z.array(EpisodeDetail), total: z.int(), limit: z.int(), offset: z.int() }),
  reads: 'episodes',
  http: { method: 'GET', path: '/episodes', tag },
  cli: 'episodes list',
  examples: [{ title: 'Those that failed', input: { limit: 10, offset: 0, outcome: 'failure' } }],
  run: async ({ ask }, { limit, offset, agent_id, outcome }, { principal: { tenant } }) => {
    const [rows, counted] = await ask((db) => {
      const asked = db
        .selectFrom('episodes')
        .where('tenant', '=', tenant)
        .where(equals('agent_id', agent_id))
        .where(equals('outcome', outcome));
      return Promise.all([
        asked
          .selectAll()
          .orderBy('started_at', 'desc')
          .orderBy('episode_id', 'desc')
          .limit(limit)
          .offset(offset)
          .execute(),
        asked.select(({ fn }) => fn.countAll<bigint>().as('count')).executeTakeFirstOrThrow(),
      ]);
    });
    return { output: { episodes: rows.map(detail), total: Number(counted.count), limit, offset } };
  },
});

const getEpisode = single({
  name: 'get_episode',
  noun: 'episode',
  summary: 'An episode: what went on, how it ended and what was learned',
  scope,
  path: '/episodes/{episode_id}',
  tag,
  cli: 'episodes show',
  reads: 'episodes',
  example: { title: 'By id', input: { episode_id: exampleId } },
  input: { episode_id: idInput('episode') },
  output: EpisodeDetail,
  find: (db, { episode_id }, tenant) =>
    db
      .selectFrom('episodes')
      .selectAll()
      .where('episode_id', '=', episode_id)
      .where('tenant', '=', tenant)
      .executeTakeFirst(),
  view: detail,
});

export const episodeQueries = [listEpisodes, getEpisode] as const;
