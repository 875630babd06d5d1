import type { Mind } from '../commands/cognition/mind.ts';
import { gradedMin } from '../domain/cognition/lines.ts';
import { calibrationOf, type Graded } from '../projections/decisions/calibration.ts';
import type { Project } from '../projections/project.ts';
import type { ReadModels } from '../projections/queries.ts';

/** An agent is told how it did lately: over so many of its newest reviews. */
const reviewsMax = 50;

/** How well an agent's confidences came true of late, from the read model; null where too little is known (requirements N66). */
export const calibrationNote =
  ({ ask }: Project): Mind['calibration'] =>
  async (tenant, agent_id) => {
    const rows = await ask<ReadModels, readonly object[]>((db) =>
      db
        .selectFrom('decision_reviews')
        .select(['decision_id', 'outcome', 'confidence', 'category', 'reason_types', 'at', 'position'])
        .where('tenant', '=', tenant)
        .where('agent_id', '=', agent_id)
        .where('outcome', 'is not', null)
        .orderBy('position', 'desc')
        .limit(reviewsMax)
        .execute(),
    );
    // The newest word on a decision counts.
    const newest = new Map(
      (rows as readonly (Graded & { readonly decision_id: string })[])
        .toReversed()
        .map((row) => [row.decision_id, row]),
    );
    const {
      graded_decisions: graded,
      accuracy,
      brier_score,
      confidence_mean,
      base_rate,
    } = calibrationOf([...newest.values()]);
    if (graded < gradedMin || accuracy === null || brier_score === null) return null;
    return { graded, accuracy, brier_score, bias: (confidence_mean ?? 0) - (base_rate ?? 0) };
  };
