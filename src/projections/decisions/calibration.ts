import { isAbandoned, type Outcome } from '../../domain/decision/decision.events.ts';

/** A decision whose outcome is known, as it is graded: what was believed before, and what became of it. */
export interface Graded {
  readonly confidence: number;
  readonly outcome: Outcome;
  readonly category: string;
  readonly reason_types: readonly string[];
  /** When its outcome was said (RFC 3339). */
  readonly at: string;
}

export type Binning = 'width10' | 'count10';

export interface Bin {
  readonly lo: number;
  readonly hi: number;
  readonly n: number;
  readonly mean_confidence: number;
  readonly observed: number;
  /** Wilson's interval of 95 % for what was observed. */
  readonly ci_lo: number;
  readonly ci_hi: number;
}

interface Point {
  readonly p: number;
  readonly y: number;
}

const binsMax = 10;
const z95 = 1.959963984540054;
/** Nobody is infinitely wrong: the logarithm is taken of no less than this. */
const leastProbability = 1e-15;
const weekMs = 7 * 24 * 3_600_000;

const truthOf: Readonly<Record<Outcome, number | null>> = {
  success: 1,
  partial: 0.5,
  failure: 0,
  noise: null,
  superseded: null,
};

/** What counts (requirements N61, N65): not noise, not what was superseded, not what was given up (failure at confidence 0). */
export const isGraded = ({ confidence, outcome }: Pick<Graded, 'confidence' | 'outcome'>): boolean =>
  truthOf[outcome] !== null && !isAbandoned({ outcome, confidence });

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const mean = (values: readonly number[]): number | null => (values.length === 0 ? null : sum(values) / values.length);

/** The mean squared distance between confidence and truth (Brier 1950; requirements N61). */
const brierOf = (points: readonly Point[]): number | null => mean(points.map(({ p, y }) => (p - y) ** 2));

/** The share of those that came out on the side that they were believed on (requirements N62). */
const accuracyOf = (points: readonly Point[]): number | null =>
  mean(points.map(({ p, y }) => ((p >= 0.5 && y >= 0.5) || (p < 0.5 && y === 0) ? 1 : 0)));

/** Wilson's score interval for a share (Wilson 1927); sound where n is small or the share near 0 or 1. */
const wilson = (share: number, n: number): readonly [lo: number, hi: number] => {
  const z2 = z95 ** 2;
  const centre = (share + z2 / (2 * n)) / (1 + z2 / n);
  const half = (z95 / (1 + z2 / n)) * Math.sqrt((share * (1 - share)) / n + z2 / (4 * n * n));
  return [Math.max(0, centre - half), Math.min(1, centre + half)];
};

const binOf = (points: readonly Point[], lo: number, hi: number): Bin => {
  const n = points.length;
  const observed = sum(points.map(({ y }) => y)) / n;
  const [ci_lo, ci_hi] = wilson(observed, n);
  return { lo, hi, n, mean_confidence: sum(points.map(({ p }) => p)) / n, observed, ci_lo, ci_hi };
};

/** Ten bins of equal width; those that hold nothing are left out. The last one holds its upper end. */
const byWidth = (points: readonly Point[]): readonly Bin[] => {
  const held = Map.groupBy(points, ({ p }) => Math.min(binsMax - 1, Math.floor(p * binsMax)));
  return [...held]
    .toSorted(([a], [b]) => a - b)
    .map(([bin, inside]) => binOf(inside, bin / binsMax, (bin + 1) / binsMax));
};

/** Ten bins of equally many, as nearly as that goes. */
const byCount = (points: readonly Point[]): readonly Bin[] => {
  const ordered = points.toSorted((a, b) => a.p - b.p);
  const bins = Math.min(binsMax, ordered.length);
  return Array.from({ length: bins }, (_, bin) => {
    const inside = ordered.slice(
      Math.floor((bin * ordered.length) / bins),
      Math.floor(((bin + 1) * ordered.length) / bins),
    );
    return binOf(inside, inside[0]?.p ?? 0, inside.at(-1)?.p ?? 0);
  });
};

const pointOf = ({ confidence, outcome }: Graded): Point => ({ p: confidence, y: truthOf[outcome] ?? 0 });

const scored = (graded: readonly Graded[]) => {
  const points = graded.map(pointOf);
  return { count: points.length, accuracy: accuracyOf(points), brier: brierOf(points) };
};

const byKey = (pairs: readonly (readonly [key: string, graded: Graded])[]) =>
  Object.fromEntries(
    [...Map.groupBy(pairs, ([key]) => key)]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, members]) => [key, scored(members.map(([, graded]) => graded))]),
  );

/** The Brier score of each week, by the Monday (UTC) on which it began. */
const weekly = (graded: readonly Graded[]) => {
  // The first of January 1970 was a Thursday: three days lie between it and the Monday before.
  const mondayOf = (at: string): number => {
    const sinceMonday = Date.parse(at) + 3 * (weekMs / 7);
    return Math.floor(sinceMonday / weekMs) * weekMs - 3 * (weekMs / 7);
  };
  return [...Map.groupBy(graded, ({ at }) => mondayOf(at))]
    .toSorted(([a], [b]) => a - b)
    .map(([week, members]) => ({
      week: new Date(week).toISOString().slice(0, 10),
      n: members.length,
      brier: brierOf(members.map(pointOf)),
    }));
};

const spreadOf = (values: readonly number[], around: number | null): number | null =>
  around === null ? null : Math.sqrt(sum(values.map((value) => (value - around) ** 2)) / values.length);

/**
 * How well confidences come true. `skill` is 1 − Brier / Brier of always saying the base rate; `ece` the mean distance between
 * confidence and truth over the bins, weighted by what they hold (Naeini et al. 2015); the decomposition is Murphy's (1973), in which
 * Brier = reliability − resolution + uncertainty as far as those in a bin are equally sure. Null where nothing is graded.
 */
export const calibrationOf = (decided: readonly Graded[], binning: Binning = 'width10') => {
  const graded = decided.filter(isGraded);
  const points = graded.map(pointOf);
  const n = points.length;
  const bins = binning === 'width10' ? byWidth(points) : byCount(points);
  const brier = brierOf(points);
  const base_rate = mean(points.map(({ y }) => y));
  const uncertainty = base_rate === null ? null : mean(points.map(({ y }) => (y - base_rate) ** 2));
  const weighted = (of: (bin: Bin) => number): number | null =>
    n === 0 ? null : sum(bins.map((bin) => (bin.n / n) * of(bin)));
  const logs = points.map(({ p, y }) => {
    const sure = Math.min(1 - leastProbability, Math.max(leastProbability, p));
    return -(y * Math.log(sure) + (1 - y) * Math.log(1 - sure));
  });
  const confidences = points.map(({ p }) => p);
  const confidence_mean = mean(confidences);
  return {
    graded_decisions: n,
    brier_score: brier,
    accuracy: accuracyOf(points),
    confidence_mean,
    confidence_stddev: spreadOf(confidences, confidence_mean),
    base_rate,
    base_rate_brier: uncertainty,
    skill: brier === null || uncertainty === null || uncertainty === 0 ? null : 1 - brier / uncertainty,
    ece: weighted(({ mean_confidence, observed }) => Math.abs(mean_confidence - observed)),
    log_score: mean(logs),
    decomposition: {
      reliability: weighted(({ mean_confidence, observed }) => (mean_confidence - observed) ** 2),
      resolution: weighted(({ observed }) => (observed - (base_rate ?? 0)) ** 2),
      uncertainty,
    },
    bins,
    category_stats: byKey(graded.map((each) => [each.category, each] as const)),
    // Once for each pair of a decision and a kind of reason (requirements N64).
    reason_type_stats: byKey(graded.flatMap((each) => each.reason_types.map((type) => [type, each] as const))),
    series: weekly(graded),
  };
};
