import { sql, type Kysely } from 'kysely';
import { z } from 'zod';
import { calibrationOf, type Graded } from './calibration.ts';
import { Category } from '../../domain/decision/decision.events.ts';
import { idInput } from '../../domain/kernel/id.input.ts';
import { problem } from '../../problems.ts';
import { oneOf } from '../listing.ts';
import { query, type ReadModels } from '../queries.ts';
import { instant } from '../shown.ts';

/** A report over more than that would hold too much at once: narrow it by agent, category or time. */
export const gradedMax = 100_000;

const share = z.number().nullable();
const Stats = z.object({ count: z.int(), accuracy: share, brier: share });

const CalibrationReport = z.object({
  total_decisions: z.int(),
  reviewed_decisions: z.int(),
  graded_decisions: z.int().meta({ description: 'Without noise, what was superseded, and what was given up.' }),
  brier_score: share,
  accuracy: share,
  confidence_mean: share,
  confidence_stddev: share,
  base_rate: share,
  base_rate_brier: share,
  skill: share.meta({ description: '1 − Brier / Brier of always saying the base rate.' }),
  ece: share.meta({ description: 'Expected calibration error over the bins.' }),
  log_score: share,
  decomposition: z.object({ reliability: share, resolution: share, uncertainty: share }),
  bins: z.array(
    z.object({
      lo: z.number(),
      hi: z.number(),
      n: z.int(),
      mean_confidence: z.number(),
      observed: z.number(),
      ci_lo: z.number(),
      ci_hi: z.number(),
    }),
  ),
  category_stats: z.record(z.string(), Stats),
  reason_type_stats: z.record(z.string(), Stats),
  series: z.array(z.object({ week: z.string(), n: z.int(), brier: share })),
  as_of: z.string().nullable(),
});

interface Known extends Omit<Graded, 'outcome'> {
  readonly outcome: Graded['outcome'] | null;
}

interface Wanted {
  readonly tenant: string;
  readonly agent_id?: string | undefined;
  readonly category?: readonly string[] | undefined;
  /** A position in the log. */
  readonly as_of?: string | undefined;
}

/** Every decision with the last that was said of its outcome; one more than can be graded at once, where there are so many. */
export const knownDecisions = async (
  db: Kysely<ReadModels>,
  { tenant, agent_id, category, as_of }: Wanted,
): Promise<readonly Known[]> => {
  let asked = db
    .selectFrom('decision_reviews')
    .select(['decision_id', 'outcome', 'confidence', 'category', 'reason_types', 'at'])
    .distinctOn('decision_id')
    .where('tenant', '=', tenant)
    .where(oneOf('category', category));
  if (agent_id !== undefined) asked = asked.where('agent_id', '=', agent_id);
  if (as_of !== undefined) asked = asked.where('position', '<=', sql<bigint>`${as_of}::int8`);
  const rows = await asked
    .orderBy('decision_id')
    .orderBy('position', 'desc')
    .limit(gradedMax + 1)
    .execute();
  return rows as readonly Known[];
};

export const getCalibration = query({
  name: 'get_calibration',
  kind: 'query',
  summary: 'How well confidences come true',
  description:
    'Graded is the confidence that was held before the outcome was known. `as_of` is a position in the log: what was said of ' +
    'outcomes after it does not count.',
  scope: 'decisions:read',
  input: z.strictObject({
    agent_id: idInput('agent').optional(),
    category: z.array(Category).optional(),
    since: instant.optional().meta({ description: 'Only outcomes that were said from then on.' }),
    binning: z.enum(['width10', 'count10']).default('width10'),
    as_of: z
      .string()
      .regex(/^\d{1,18}$/)
      .optional(),
  }),
  output: CalibrationReport,
  reads: 'decision_reviews',
  http: { method: 'GET', path: '/calibration', tag: 'decisions' },
  cli: 'decisions calibration',
  mcp: { tool: 'calibration_get', toolset: 'audit', read_only: true, destructive: false, idempotent: true },
  problems: ['too_many_rows'],
  examples: [{ title: 'Over everything', input: { binning: 'width10' } }],
  run: async ({ ask }, { agent_id, category, since, binning, as_of }, { principal: { tenant } }) => {
    const rows = await ask((db) => knownDecisions(db, { tenant, agent_id, category, as_of }));
    if (rows.length > gradedMax)
      return problem('too_many_rows', `more than ${gradedMax} decisions: ask for one agent or category`);
    // Compared as instants: a caller may leave out fractions of a second, and `40Z` would sort behind `40.000Z`.
    const from = since === undefined ? -Infinity : Date.parse(since);
    const isInTime = ({ at }: Known): boolean => Date.parse(at) >= from;
    const reviewed = rows.filter((each): each is Graded => each.outcome !== null && isInTime(each));
    const output = {
      total_decisions: rows.length,
      reviewed_decisions: reviewed.length,
      ...calibrationOf(reviewed, binning),
      as_of: as_of ?? null,
    };
    return { output: { ...output, bins: [...output.bins] } };
  },
});
