import { sql } from 'kysely';
import { z } from 'zod';
import { operation } from '../../domain/kernel/operation.ts';
import { calibrationOf, type Graded } from '../decisions/calibration.ts';
import { gradedMax, knownDecisions } from '../decisions/calibration.query.ts';
import { About, type SystemContext } from './system.queries.ts';

const query = operation<SystemContext>();
const count = sql<number>`count(*)::int`;

interface Counted {
  readonly name: string;
  readonly count: number;
}

/** How many there are of one name, or of all where none is said. */
const total = (rows: readonly Counted[], ...names: readonly string[]): number =>
  rows.reduce((sum, row) => (names.length === 0 || names.includes(row.name) ? sum + row.count : sum), 0);

const Calibration = z.object({
  brier_score: z.number().nullable(),
  accuracy: z.number().nullable(),
  total_decisions: z.int(),
  reviewed_decisions: z.int(),
});

const Memory = z.object({
  active_conversations: z.int(),
  active_censors: z.int(),
  total_decisions: z.int(),
  total_facts: z.int(),
  total_episodes: z.int(),
  total_procedures: z.int(),
});

/** How sure the agent was against how right; ungraded where that is more than is graded at once. */
const calibrated = (known: Awaited<ReturnType<typeof knownDecisions>>): z.infer<typeof Calibration> => {
  const reviewed = known.filter((each): each is Graded => each.outcome !== null);
  const { brier_score, accuracy } = calibrationOf(known.length > gradedMax ? [] : reviewed);
  return { brier_score, accuracy, total_decisions: known.length, reviewed_decisions: reviewed.length };
};

export const getStatus = query({
  name: 'get_status',
  kind: 'query',
  summary: 'The default agent, its model, how sure it is and how right, and what it remembers',
  scope: 'agents:read',
  input: z.strictObject({}),
  output: z.object({
    agent_id: z.uuid(),
    agent_name: z.string().nullable(),
    model: About.shape.model,
    calibration: Calibration,
    memory: Memory,
    sessions: z.object({ open: z.int(), running: z.int() }),
    turns: z.object({ total: z.int(), completed: z.int(), failed: z.int(), canceled: z.int() }),
  }),
  reads: 'turns',
  http: { method: 'GET', path: '/status', tag: 'system' },
  cli: 'status show',
  mcp: { tool: 'status', toolset: 'core', read_only: true, destructive: false, idempotent: true },
  examples: [{ title: 'As it is', input: {} }],
  run: async ({ ask, about, default_agent_id: agent_id }, _, { principal: { tenant } }) => {
    const [agent, sessions, turns, items, known] = await ask((db) =>
      Promise.all([
        db.selectFrom('agents').select('name').where('agent_id', '=', agent_id).executeTakeFirst(),
        db
          .selectFrom('sessions')
          .select(['status as name', count.as('count')])
          .where('tenant', '=', tenant)
          .groupBy('status')
          .execute(),
        db
          .selectFrom('turns')
          .select(['status as name', count.as('count')])
          .where('tenant', '=', tenant)
          .groupBy('status')
          .execute(),
        db
          .selectFrom('memory_items')
          .select(['kind as name', count.as('count')])
          .where('tenant', '=', tenant)
          .where('agent_id', '=', agent_id)
          .where('active', '=', true)
          .groupBy('kind')
          .execute(),
        knownDecisions(db, { tenant, agent_id }),
      ]),
    );
    const calibration = calibrated(known);
    const open = total(sessions, 'idle', 'running');
    return {
      output: {
        agent_id,
        agent_name: agent?.name ?? null,
        model: about.model,
        calibration,
        memory: {
          active_conversations: open,
          active_censors: total(items, 'censor'),
          total_decisions: calibration.total_decisions,
          total_facts: total(items, 'fact'),
          total_episodes: total(items, 'episode'),
          total_procedures: total(items, 'procedure'),
        },
        sessions: { open, running: total(sessions, 'running') },
        turns: {
          total: total(turns),
          completed: total(turns, 'completed'),
          failed: total(turns, 'failed'),
          canceled: total(turns, 'canceled'),
        },
      },
      projection: 'turns',
    };
  },
});
