import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decisionLinks } from '../../../src/projections/decisions/decision-links.projection.ts';
import { decisionReviews } from '../../../src/projections/decisions/decision-reviews.projection.ts';
import { decisions } from '../../../src/projections/decisions/decisions.projection.ts';
import { guardrailActivations } from '../../../src/projections/guardrails/guardrail-activations.projection.ts';
import { expectSameAgain, stage, story, type Stage } from '../gate/stories.ts';

const [kept, dropped] = [story('a decision that was kept'), story('a decision that was dropped')];
const [agreed, refused, blocked] = [
  story('one that was agreed to'),
  story('one that was not'),
  story('one that is blocked'),
];
const projections = [decisions, decisionLinks, decisionReviews, guardrailActivations];
const guardrails = (agreed.event('DecisionProposed').data as { guardrails: unknown }).guardrails;
const approval = {
  ...{ approval_id: agreed.idOf('DecisionRejected', 'approval_id'), action_digest: `sha256:${'0'.repeat(64)}` },
  at: '2026-11-21T12:00:00.000Z',
};
const recorded = ({ status }: Readonly<Record<string, unknown>>) => status === 'open' || status === 'reviewed';

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
      [
        agreed,
        [
          agreed.event('DecisionProposed', { confidence: 0.2 }),
          agreed.event('DecisionRecorded', { confidence: 0.2, guardrails, approval }),
        ],
      ],
      [refused, [refused.event('DecisionProposed'), refused.event('DecisionRejected')]],
      [blocked, [blocked.event('DecisionBlocked')]],
    ]);
  });
  afterAll(() => on.discard());

  it('are shown as they stand: the last word on each', async () => {
    const rows = (await on.rows(decisions))
      .filter(recorded)
      .toSorted((a, b) => Number(a['confidence']) - Number(b['confidence']));
    expect(rows).toMatchObject([
      { confidence: 0.1, outcome: 'pending', reviewed_at: null },
      { confidence: 0.2, approval_id: approval.approval_id, guardrails },
      { confidence: 0.7, outcome: 'failure', thoughts: [{}], revision: 5 },
    ]);
  });

  it('keep every word on an outcome, for whoever asks what was known when', async () => {
    const rows = await on.rows(decisionReviews);
    expect(rows.map(({ outcome }) => outcome).toSorted()).toEqual(['failure', null, null, null, 'success']);
    expect(await on.rows(decisionLinks)).toHaveLength(1);
  });

  it('are shown to whoever asks also where they never counted, with what the guardrails said', async () => {
    const rows = (await on.rows(decisions)).filter((row) => !recorded(row));
    expect(rows.toSorted((a, b) => String(a['status']).localeCompare(String(b['status'])))).toMatchObject([
      { status: 'blocked', guardrails: { fired: [{ name: 'reasons-are-given' }] } },
      { status: 'rejected', guardrails: { fired: [{ name: 'critical-needs-agreement' }] } },
    ]);
  });

  it('count for each guardrail that fired, once: also one that was proposed first', async () => {
    const rows = await on.rows(guardrailActivations);
    const counts = Object.fromEntries(rows.map(({ name, activation_count }) => [name, activation_count]));
    expect(counts).toEqual({ 'critical-needs-agreement': 2, 'reasons-are-given': 1 });
    const last_decision_id = refused.idOf('DecisionProposed', 'decision_id');
    expect(rows).toContainEqual(expect.objectContaining({ name: 'critical-needs-agreement', last_decision_id }));
  });

  it('are the same when they are folded again, and without a database', () => expectSameAgain(on, projections));
});
