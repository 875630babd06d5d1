import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decisionLinks } from '../../../src/projections/decisions/decision-links.projection.ts';
import { decisionReviews } from '../../../src/projections/decisions/decision-reviews.projection.ts';
import { decisions } from '../../../src/projections/decisions/decisions.projection.ts';
import { expectSameAgain, stage, story, type Stage } from '../gate/stories.ts';

const [kept, dropped] = [story('a decision that was kept'), story('a decision that was dropped')];
const projections = [decisions, decisionLinks, decisionReviews];

describe('decisions', () => {
  let on: Stage;
  beforeAll(async () => {
    on = await stage(projections, [
      [
        kept,
        [
          kept.event('DecisionRecorded'),
          kept.event('DecisionThoughtAdded'),
          kept.event('DecisionUpdated'),
          kept.event('DecisionLinked'),
          kept.event('DecisionReviewed'),
          kept.event('DecisionReviewed', { outcome: 'failure' }),
        ],
      ],
      [dropped, [dropped.event('DecisionRecorded', { confidence: 0.1 })]],
    ]);
  });
  afterAll(() => on.discard());

  it('are shown as they stand: the last word on each', async () => {
    const rows = (await on.rows(decisions)).toSorted((a, b) => Number(a['confidence']) - Number(b['confidence']));
    expect(rows).toMatchObject([
      { confidence: 0.1, outcome: 'pending', reviewed_at: null },
      { confidence: 0.7, outcome: 'failure', thoughts: [{}], revision: 5 },
    ]);
  });

  it('keep every word on an outcome, for whoever asks what was known when', async () => {
    const rows = await on.rows(decisionReviews);
    expect(rows.map(({ outcome }) => outcome).toSorted()).toEqual(['failure', null, null, 'success']);
    expect(await on.rows(decisionLinks)).toHaveLength(1);
  });

  it('are the same when they are folded again, and without a database', () => expectSameAgain(on, projections));
});
