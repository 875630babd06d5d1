import type { EpisodeEvent } from '../../domain/episode/episode.events.ts';
import type { Recorded } from '../../domain/kernel/event.ts';
import { tenantOf } from '../../domain/kernel/tenant.ts';
import { projection } from '../projection.ts';

export interface EpisodeRow {
  readonly episode_id: string;
  readonly tenant: string;
  readonly agent_id: string;
  readonly session_id: string | null;
  readonly title: string | null;
  readonly summary: string;
  readonly detail: string | null;
  readonly frame: string | null;
  readonly trigger: string | null;
  readonly participants: readonly string[];
  readonly tags: readonly string[];
  readonly outcome: string;
  readonly lessons: readonly string[];
  readonly surprise: number | null;
  readonly active: boolean;
  readonly decision_ids: readonly string[];
  readonly procedures: readonly { readonly procedure_id: string; readonly effectiveness: string }[];
  readonly duration_ms: bigint | null;
  readonly recorded_by: string;
  readonly revision: number;
  readonly position: bigint;
  readonly started_at: string;
  readonly ended_at: string | null;
  readonly updated_at: string;
}

const touched = (
  row: EpisodeRow | undefined,
  { revision, position, recorded_at }: Recorded<EpisodeEvent>,
  change: (row: EpisodeRow) => Partial<EpisodeRow>,
): EpisodeRow | null =>
  row === undefined ? null : { ...row, ...change(row), revision, position, updated_at: recorded_at };

/** Every episode as it stands: what went on, how it ended and what was learned; what was forgotten has no row. */
export const episodes = projection<EpisodeRow, EpisodeEvent>({
  name: 'episodes',
  version: 1,
  table: (t) =>
    t
      .addColumn('episode_id', 'uuid', (c) => c.primaryKey())
      .addColumn('tenant', 'text', (c) => c.notNull())
      .addColumn('agent_id', 'uuid', (c) => c.notNull())
      .addColumn('session_id', 'uuid')
      .addColumn('title', 'text')
      .addColumn('summary', 'text', (c) => c.notNull())
      .addColumn('detail', 'text')
      .addColumn('frame', 'text')
      .addColumn('trigger', 'text')
      .addColumn('participants', 'jsonb', (c) => c.notNull())
      .addColumn('tags', 'jsonb', (c) => c.notNull())
      .addColumn('outcome', 'text', (c) => c.notNull())
      .addColumn('lessons', 'jsonb', (c) => c.notNull())
      .addColumn('surprise', 'float8')
      .addColumn('active', 'boolean', (c) => c.notNull())
      .addColumn('decision_ids', 'jsonb', (c) => c.notNull())
      .addColumn('procedures', 'jsonb', (c) => c.notNull())
      .addColumn('duration_ms', 'bigint')
      .addColumn('recorded_by', 'text', (c) => c.notNull())
      .addColumn('revision', 'integer', (c) => c.notNull())
      .addColumn('position', 'bigint', (c) => c.notNull())
      .addColumn('started_at', 'timestamptz', (c) => c.notNull())
      .addColumn('ended_at', 'timestamptz')
      .addColumn('updated_at', 'timestamptz', (c) => c.notNull()),
  indexes: { by_tenant: (i) => i.columns(['tenant', 'started_at', 'episode_id']) },
  key: ({ data }) => data.episode_id,
  on: {
    EpisodeStarted: (_, { data, ...event }) => {
      const { by, at, ...said } = data;
      return {
        ...said,
        tenant: tenantOf(event),
        outcome: 'ongoing',
        lessons: [],
        surprise: null,
        active: true,
        decision_ids: [],
        procedures: [],
        duration_ms: null,
        recorded_by: by,
        revision: event.revision,
        position: event.position,
        started_at: at,
        ended_at: null,
        updated_at: event.recorded_at,
      };
    },
    EpisodeEnded: (row, event) => {
      const { outcome, lessons, surprise, at, duration_ms } = event.data;
      return touched(row, event, () => ({
        ...{ outcome, lessons, surprise, ended_at: at },
        duration_ms: BigInt(duration_ms),
      }));
    },
    EpisodeDecisionLinked: (row, event) =>
      touched(row, event, ({ decision_ids }) => ({ decision_ids: [...decision_ids, event.data.decision_id] })),
    EpisodeProcedureLinked: (row, event) => {
      const { procedure_id, effectiveness } = event.data;
      return touched(row, event, ({ procedures }) => ({
        procedures: [
          ...procedures.filter((each) => each.procedure_id !== procedure_id),
          { procedure_id, effectiveness },
        ],
      }));
    },
    EpisodeDeactivated: (row, event) => touched(row, event, () => ({ active: false })),
    EpisodeForgotten: () => null,
  },
});
