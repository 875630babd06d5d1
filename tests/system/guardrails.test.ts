import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, askFresh, dataFolder, startHere, type Body } from '../support/acta.ts';
import { happened, logHead, typesOf } from '../support/gated.ts';
import { until } from '../support/until.ts';

let url: string;
beforeAll(async () => {
  ({ url } = await startHere(await dataFolder(afterAll), {}, afterAll));
});

const decided = (changes: object = {}) => ({
  description: 'Move the record to another store.',
  confidence: 0.8,
  category: 'architecture',
  stakes: 'high',
  tags: ['storage'],
  reasons: [{ type: 'constraint', text: 'the old one is no longer served' }],
  ...changes,
});
const record = (changes: object = {}, headers = {}) => ask(url, '/decisions', { body: decided(changes), headers });

/** Records a critical decision and says what somebody else says of it. */
const proposed = async (vote: string) => {
  const { status, body } = await record({ stakes: 'critical' });
  expect(status).toBe(202);
  const { decision_id, approval_id } = body;
  expect(body).toMatchObject({ status: 'proposed', revision: 0 });
  await happened(url, `approval-${approval_id}`, ['ApprovalRequested']);
  const approval = (await askFresh(url, `/approvals/${approval_id}`)).body;
  expect(approval).toMatchObject({ status: 'open', risk_level: 'critical', decision_id, directive_id: null });
  const answer = await ask(url, `/approvals/${approval_id}/decision`, {
    body: { decision: vote, reason: 'not alone', action_digest: approval.action_digest },
    headers: { 'if-match': `"${approval.revision}"`, 'idempotency-key': crypto.randomUUID() },
  });
  expect(answer.status).toBe(200);
  return { decision_id, approval_id };
};

describe('guardrails', () => {
  it('refuse a decision that gives no reason, keep what was tried, and count it', async () => {
    const headers = { 'idempotency-key': crypto.randomUUID() };
    const { status, body } = await record({ reasons: [] }, headers);
    expect(status).toBe(422);
    expect(body).toMatchObject({ code: 'guardrail_blocked', blocked_by: ['reasons-are-given', 'well-founded'] });
    const { decision_id } = body;
    expect(await typesOf(url, `decision-${decision_id}`)).toEqual(['DecisionBlocked']);
    const again = await record({ reasons: [] }, headers);
    expect(again).toMatchObject({ status: 422, body: { decision_id } });
    const { guardrails } = (await askFresh(url, '/guardrails')).body;
    expect(guardrails.map(({ name }: Body) => name)).toEqual([
      'critical-needs-agreement',
      'high-stakes-need-confidence',
      'reasons-are-given',
      'well-founded',
    ]);
    expect(guardrails[2]).toMatchObject({ activation_count: 1, last_decision_id: decision_id, in_policy: true });
    expect(guardrails[1]).toMatchObject({ activation_count: 0, last_activated: null });
    const shown = (await ask(url, '/decisions?status=blocked')).body;
    expect(shown.decisions).toMatchObject([{ decision_id, status: 'blocked' }]);
    expect((await ask(url, '/decisions')).body.decisions).toEqual([]);
    expect((await ask(url, `/decisions/${decision_id}/outcome`, { body: { outcome: 'success' } })).status).toBe(409);
  });

  it('leave a critical decision to somebody who agrees; from then on it counts', async () => {
    const { decision_id, approval_id } = await proposed('approve');
    const recorded = await happened(url, `decision-${decision_id}`, ['DecisionRecorded']);
    expect(recorded.data).toMatchObject({ approval: { approval_id }, guardrails: { policy_version: 1 } });
    await happened(url, `approval-${approval_id}`, ['ApprovalUsed']);
    const shown = await until(async () => {
      const { body } = await askFresh(url, `/decisions/${decision_id}`);
      return body.status === 'open' ? body : undefined;
    });
    expect(shown).toMatchObject({ approval_id, outcome: 'pending' });
    expect((await ask(url, `/decisions/${decision_id}/outcome`, { body: { outcome: 'success' } })).status).toBe(200);
  });

  it('leave what somebody agreed to as it was agreed to, and refuse a change that they would not let through', async () => {
    const { decision_id, approval_id } = await proposed('approve');
    await happened(url, `decision-${decision_id}`, ['DecisionRecorded']);
    const patch = (id: string, body: object) => ask(url, `/decisions/${id}`, { method: 'PATCH', body });
    const bob = await patch(decision_id, { description: 'Give Bob everything.' });
    expect(bob).toMatchObject({ status: 409, body: { code: 'decision_agreed', approval_id } });
    const { decision_id: high } = (await record()).body;
    const lowered = await patch(high, { confidence: 0.05, tags: [] });
    expect(lowered).toMatchObject({
      status: 422,
      body: { code: 'guardrail_blocked', blocked_by: ['high-stakes-need-confidence', 'well-founded'] },
    });
    expect((await patch(high, { confidence: 0.6 })).status).toBe(200);
    expect(await typesOf(url, `decision-${decision_id}`)).toEqual(['DecisionProposed', 'DecisionRecorded']);
    expect(await typesOf(url, `decision-${high}`)).toEqual(['DecisionRecorded', 'DecisionUpdated']);
  });

  it('leave it undone where somebody refuses', async () => {
    const { decision_id } = await proposed('deny');
    const rejected = await happened(url, `decision-${decision_id}`, ['DecisionRejected', 'DecisionRecorded']);
    expect(rejected).toMatchObject({ type: 'DecisionRejected', data: { ending: 'denied', reason: 'not alone' } });
  });

  it('are asked beforehand without a trace, and say why', async () => {
    const head = await logHead(url);
    const check = async (changes: object) => {
      const { category: _, ...given } = decided(changes) as Body;
      return (await ask(url, '/decisions/check', { body: given })).body;
    };
    expect(await check({})).toMatchObject({ allowed: true, fired: [], quality_score: 0.5, policy_version: 1 });
    expect(await check({ confidence: 0.2 })).toMatchObject({
      allowed: false,
      blocked_by: ['high-stakes-need-confidence'],
      fired: [{ because: ['the stakes are high', 'the confidence, 0.2, is below 0.5'] }],
    });
    expect(await check({ stakes: 'critical' })).toMatchObject({
      allowed: false,
      blocked_by: [],
      needs_approval: ['critical-needs-agreement'],
    });
    expect(await logHead(url)).toBe(head);
  });
});
