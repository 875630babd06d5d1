import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, dataFolder, startHere, type Body } from '../../support/acta.ts';
import {
  asked,
  decided,
  directiveEnd,
  happened,
  policyWith,
  proposed,
  runOf,
  step,
  underPolicy,
} from '../../support/gated.ts';
import { policyTerms } from '../../support/policy.ts';
import { vault } from '../../support/vault.ts';

const bootstrap = 'the-first-key-of-all';
const admin = { 'x-aos-key': bootstrap };
const turns: string[] = [];
let url: string;

beforeAll(async () => {
  const folder = await dataFolder(afterAll);
  mkdirSync(path.join(folder, 'workspace'), { recursive: true });
  const two = { ...policyTerms, quorum: 2 };
  const like = (value: string) => [{ path: 'mark', is: 'like' as const, value: [value] }];
  const rules = [
    {
      rule_id: 'two',
      when: { arguments: like('two*') },
      decision: 'require_approval' as const,
      reason: 'two have to agree',
      approval: two,
    },
  ];
  const document = policyWith({ rules, approval: { roles: ['treasurer'] } });
  const env = { ...underPolicy(folder, document), AOS_API_KEY: bootstrap, ACTA_QUOTAS: 'off' };
  ({ url } = await startHere(folder, env, afterAll, { capabilities: [vault((line) => void turns.push(line))] }));
});

const everything = [
  'directives:write',
  'directives:read',
  'approvals:write',
  'approvals:read',
  'events:read',
  'runs:write',
];
const person = async (roles: readonly string[] = [], scopes: readonly string[] = everything) => {
  const { body } = await ask(url, '/keys', { body: { name: 'a key', scopes, roles }, headers: admin });
  return { actor: `key:${body.key_id}`, headers: { authorization: `Bearer ${body.secret}` } };
};
type Person = Awaited<ReturnType<typeof person>>;
const turn = (mark: string) => step('turn', 'vault.turn', { mark });
const soon = () => new Date(Date.now() + 3_600_000).toISOString();
const settled = async (directive_id: string): Promise<Body> =>
  happened(url, `directive-${directive_id}`, ['DirectiveApprovalRequested', 'DirectiveCompleted'], admin);

const grantBy = async ({ headers }: Person, terms: object = {}) => {
  const whole = {
    capability: 'vault.turn',
    principals: ['user:*'],
    scopes: ['*'],
    constraints: [],
    uses_max: 5,
    expires_at: soon(),
    ...terms,
  };
  const { body, status } = await ask(url, '/grants', { body: { terms: whole, reason: 'a test' }, headers });
  expect(status).toBe(201);
  return body.grant_id as string;
};
const revoked = (grant_id: string) =>
  ask(url, `/grants/${grant_id}/revoke`, { body: { reason: 'over' }, headers: { ...admin, 'if-match': '*' } });

describe('a grant', () => {
  it('is worth no more than the word of whoever gave it: without the role it agrees to nothing', async () => {
    const grant_id = await grantBy(await person(['clerk']));
    const { body } = await proposed(url, [turn('by a clerk')], { headers: (await person()).headers });
    expect((await settled(body.directive_id)).type).toBe('DirectiveApprovalRequested');
    await revoked(grant_id);
  });

  it('is one word where two are needed', async () => {
    const grant_id = await grantBy(await person(['treasurer']));
    const { body } = await proposed(url, [turn('two by grant')], { headers: (await person()).headers });
    expect((await settled(body.directive_id)).type).toBe('DirectiveApprovalRequested');
    await revoked(grant_id);
  });

  it('is not given with the first of two agreements', async () => {
    const requester = await person();
    const { body } = await proposed(url, [turn('two at once')], { headers: requester.headers });
    const request = await asked(url, `directive-${body.directive_id}`, admin);
    const grant = { constraints: [], uses_max: 5, expires_at: soon() };
    const answer = await decided(url, request, 'approve', { headers: (await person()).headers, grant });
    expect(answer.body.grant_id).toBeNull();
  });

  it('for a step does not stand for what the plan says undoes it', async () => {
    const grant_id = await grantBy(await person(['treasurer']), {
      constraints: [{ path: 'mark', is: 'equal_to', value: 'small' }],
    });
    const small = { ...turn('small'), compensation: { capability_id: 'vault.turn', args: { mark: 'large' } } };
    const fails = step('fails', 'fail_intentionally', {}, { depends_on: ['turn'] });
    const { body } = await proposed(url, [small, fails], { headers: (await person()).headers });
    const run_id = await runOf(url, body.directive_id, admin);
    const { type } = await happened(
      url,
      `run-${run_id}`,
      ['StepApprovalRequested', 'RunFailed', 'RunCompleted'],
      admin,
    );
    expect(type).toBe('StepApprovalRequested');
    expect(turns).not.toContain('turned large');
    await revoked(grant_id);
  });
});

describe('whoever had a hand in asking', () => {
  it('does not agree to what they have written themselves: other arguments', async () => {
    const { body } = await proposed(url, [turn('modest')], { headers: (await person()).headers });
    const first = await asked(url, `directive-${body.directive_id}`, admin);
    const editor = await person(['treasurer']);
    const edited = await ask(url, `/approvals/${first.approval_id}/edit`, {
      body: { args: { mark: 'immodest' } },
      headers: editor.headers,
    });
    expect(edited.status).toBe(202);
    const events = await ask(url, `/streams/directive-${body.directive_id}/events?limit=100`, { headers: admin });
    const last = events.body.data.findLast(({ type }: Body) => type === 'DirectiveApprovalRequested').data;
    await happened(url, `approval-${last.approval_id}`, ['ApprovalRequested'], admin);
    const request = { approval_id: last.approval_id, action_digest: last.action.action_digest };
    expect(await decided(url, request, 'approve', { headers: editor.headers })).toMatchObject({
      status: 403,
      body: { code: 'four_eyes' },
    });
    expect((await decided(url, request, 'approve', { headers: (await person(['treasurer'])).headers })).status).toBe(
      200,
    );
    await directiveEnd(url, body.directive_id, admin);
  });

  it('does not agree to what they have written themselves: a draft that somebody else proposes', async () => {
    const [drafter, reviser, proposer] = [await person(['treasurer']), await person(['treasurer']), await person()];
    const { body } = await proposed(url, [turn('drafted')], { status: 'draft', headers: drafter.headers });
    const where = `/directives/${body.directive_id}`;
    const revised = await ask(url, where, {
      method: 'PUT',
      body: { objective: 'a test', steps: [turn('revised')] },
      headers: { ...reviser.headers, 'if-match': '"0"' },
    });
    expect(revised.status).toBe(200);
    await ask(url, `${where}/transitions`, {
      body: { to: 'proposed' },
      headers: { ...proposer.headers, 'if-match': '"1"' },
    });
    const request = await asked(url, `directive-${body.directive_id}`, admin);
    for (const { headers } of [drafter, reviser])
      expect(await decided(url, request, 'approve', { headers })).toMatchObject({
        status: 403,
        body: { code: 'four_eyes' },
      });
  });
});
