import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { calibrationOf, isGraded, type Graded } from '../../../src/projections/decisions/calibration.ts';
import { outcomes } from '../../../src/domain/decision/decision.events.ts';

const graded = (confidence: number, outcome: Graded['outcome'], more: Partial<Graded> = {}): Graded => ({
  confidence,
  outcome,
  category: 'tooling',
  reason_types: ['analysis'],
  at: '2026-11-18T12:00:00.000Z',
  ...more,
});

/** Six decisions, graded by hand below. */
const fixture = [
  graded(0.9, 'success'),
  graded(0.8, 'success', { category: 'process', reason_types: ['analysis', 'empirical'] }),
  graded(0.8, 'failure', { reason_types: [] }),
  graded(0.3, 'failure', { at: '2026-11-23T00:00:00.000Z' }),
  graded(0.6, 'partial', { at: '2026-11-22T23:59:59.999Z' }),
  graded(0.4, 'success'),
];
const close = 12;

describe('a calibration report', () => {
  const report = calibrationOf(fixture);

  it('has the Brier score, accuracy and skill of a fixture that was computed by hand', () => {
    // (0.1² + 0.2² + 0.8² + 0.3² + 0.1² + 0.6²) / 6
    expect(report.brier_score).toBeCloseTo(1.15 / 6, close);
    // Right: 0.9, 0.8, 0.3 and 0.6 (partial counts as right above a half); wrong: 0.8 that failed, 0.4 that succeeded.
    expect(report.accuracy).toBeCloseTo(4 / 6, close);
    // Truth: 1, 1, 0, 0, 0.5, 1; its mean is 3.5 / 6, the mean of its squares 3.25 / 6.
    expect(report.base_rate).toBeCloseTo(3.5 / 6, close);
    const uncertainty = 3.25 / 6 - (3.5 / 6) ** 2;
    expect(report.base_rate_brier).toBeCloseTo(uncertainty, close);
    expect(report.skill).toBeCloseTo(1 - 1.15 / 6 / uncertainty, close);
    expect(report.confidence_mean).toBeCloseTo(3.8 / 6, close);
    expect(report.confidence_stddev).toBeCloseTo(Math.sqrt(2.7 / 6 - (3.8 / 6) ** 2), close);
  });

  it('has the bins, the expected calibration error and the decomposition of that fixture', () => {
    expect(report.bins.map(({ lo, n, mean_confidence, observed }) => [lo, n, mean_confidence, observed])).toEqual([
      [0.3, 1, 0.3, 0],
      [0.4, 1, 0.4, 1],
      [0.6, 1, 0.6, 0.5],
      [0.8, 2, 0.8, 0.5],
      [0.9, 1, 0.9, 1],
    ]);
    // |0.3−0| + |0.4−1| + |0.6−0.5| + 2·|0.8−0.5| + |0.9−1|, over 6
    expect(report.ece).toBeCloseTo(1.7 / 6, close);
    const o = 3.5 / 6;
    expect(report.decomposition.reliability).toBeCloseTo((0.09 + 0.36 + 0.01 + 2 * 0.09 + 0.01) / 6, close);
    const resolution = (o ** 2 + (1 - o) ** 2 + (0.5 - o) ** 2 + 2 * (0.5 - o) ** 2 + (1 - o) ** 2) / 6;
    expect(report.decomposition.resolution).toBeCloseTo(resolution, close);
    // -(ln .9 + ln .8 + ln .2 + ln .7 + (ln .6 + ln .4) / 2 + ln .4) / 6
    const logs = Math.log(0.9 * 0.8 * 0.2 * 0.7 * 0.4) + Math.log(0.6 * 0.4) / 2;
    expect(report.log_score).toBeCloseTo(-logs / 6, close);
  });

  it('has Wilson intervals: of five in ten, 0.2366 to 0.7634', () => {
    const ten = Array.from({ length: 10 }, (_, n) => graded(0.55, n < 5 ? 'success' : 'failure'));
    const [bin] = calibrationOf(ten).bins;
    expect(bin).toMatchObject({ n: 10, observed: 0.5 });
    expect(bin?.ci_lo).toBeCloseTo(0.236593, 6);
    expect(bin?.ci_hi).toBeCloseTo(0.763407, 6);
  });

  it('counts per category and per kind of reason, each kind once a decision (N60, N64)', () => {
    expect(Object.keys(report.category_stats)).toEqual(['process', 'tooling']);
    expect(report.category_stats['process']).toMatchObject({ count: 1, accuracy: 1 });
    expect(report.category_stats['process']?.brier).toBeCloseTo(0.04, close);
    expect(report.reason_type_stats['analysis']).toMatchObject({ count: 5 });
    expect(report.reason_type_stats['empirical']).toMatchObject({ count: 1 });
  });

  it('has a week that begins on Monday, in UTC', () => {
    expect(report.series.map(({ week, n }) => [week, n])).toEqual([
      ['2026-11-16', 5],
      ['2026-11-23', 1],
    ]);
  });

  it('grades no noise, nothing that was superseded, and nothing that was given up (N65)', () => {
    const others = [graded(0.5, 'noise'), graded(0.5, 'superseded'), graded(0, 'failure')];
    expect(others.some(isGraded)).toBe(false);
    expect(calibrationOf([...fixture, ...others])).toEqual(report);
  });

  it('says nothing where nothing is graded (N63)', () => {
    expect(calibrationOf([])).toMatchObject({
      graded_decisions: 0,
      brier_score: null,
      accuracy: null,
      skill: null,
      ece: null,
    });
    expect(calibrationOf([graded(0.7, 'success')]).skill).toBeNull();
  });

  it('bins by equal numbers where that is asked for', () => {
    const many = Array.from({ length: 25 }, (_, n) => graded(n / 25, n % 2 === 0 ? 'success' : 'failure'));
    const { bins } = calibrationOf(many.slice(1), 'count10');
    expect(bins).toHaveLength(10);
    expect(bins.map(({ n }) => n).every((n) => n === 2 || n === 3)).toBe(true);
  });
});

const decided = fc.array(
  fc
    .record({ confidence: fc.integer({ min: 0, max: 100 }), outcome: fc.constantFrom(...outcomes) })
    .map(({ confidence, outcome }) => graded(confidence / 100, outcome)),
  { minLength: 1, maxLength: 200 },
);

describe('whatever was decided', () => {
  it('scores lie where they can lie, the bins hold everyone, and intervals hold what was observed', () => {
    fc.assert(
      fc.property(decided, fc.constantFrom('width10' as const, 'count10' as const), (all, binning) => {
        const { graded_decisions, brier_score, ece, bins } = calibrationOf(all, binning);
        expect(bins.reduce((sum, { n }) => sum + n, 0)).toBe(graded_decisions);
        if (graded_decisions === 0) return;
        for (const score of [brier_score, ece]) {
          expect(score).toBeGreaterThanOrEqual(0);
          expect(score).toBeLessThanOrEqual(1);
        }
        for (const { ci_lo, ci_hi, observed } of bins) {
          expect(ci_lo).toBeLessThanOrEqual(observed + 1e-12);
          expect(ci_hi).toBeGreaterThanOrEqual(observed - 1e-12);
        }
      }),
    );
  });

  it('is the sum of its parts where all in a bin are equally sure: Brier = reliability − resolution + uncertainty (Murphy 1973)', () => {
    const oneAbin = fc.array(
      fc
        .record({ bin: fc.nat(9), success: fc.boolean() })
        .map(({ bin, success }) => graded((bin + 0.5) / 10, success ? 'success' : 'failure')),
      { minLength: 1, maxLength: 200 },
    );
    fc.assert(
      fc.property(oneAbin, (all) => {
        const { brier_score, decomposition } = calibrationOf(all);
        const { reliability, resolution, uncertainty } = decomposition;
        expect(brier_score).toBeCloseTo((reliability ?? 0) - (resolution ?? 0) + (uncertainty ?? 0), 9);
      }),
    );
  });
});
