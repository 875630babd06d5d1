import { mkdirSync, readFileSync, existsSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, dataFolder, startHere } from '../../support/acta.ts';
import {
  asked,
  decided,
  directiveEnd,
  eventsOf,
  happened,
  logHead,
  policyWith,
  proposed,
  runEnd,
  runOf,
  step,
  typesOf,
  underPolicy,
} from '../../support/gated.ts';
import { vault } from '../../support/vault.ts';

const bootstrap = 'the-first-key-of-all';
const admin = { 'x-aos-key': bootstrap };
const turns: string[] = [];
let url: string;
let folder: string;

/** A node that asks for keys; whoever decides has to be a treasurer. */
beforeAll(async () => {
  folder = await dataFolder(afterAll);
  mkdirSync(path.join(folder, 'workspace'), { recursive: true });
  const document = policyWith({ budget_ceiling_micros: 5_000_000, approval: { roles: ['treasurer'] } });
  const env = { ...underPolicy(folder, document), AOS_API_KEY: bootstrap, ACTA_QUOTAS: 'off' };
  ({ url } = await startHere(folder, env, afterAll, { capabilities: [vault((line) => void turns.push(line))] }));
});

const keyWith = async (scopes: readonly string[], roles: readonly string[] = []) => {
  const { body } = await ask(url, '/keys', { body: { name: 'a key', scopes, roles }, headers: admin });
  expect(body).toHaveProperty('secret');
  return { actor: `key:${body.key_id}`, headers: { authorization: `Bearer ${body.secret}` } };
};
const everything = ['directives:write', 'approvals:write', 'approvals:read', 'events:read'];
const turn = (mark: string) => step('turn', 'vault.turn', { mark });

/** A directive of somebody with a key that waits for an agreement. */
const waiting = async (mark: string, roles: readonly string[] = ['treasurer']) => {
  const requester = await keyWith(everything, roles);
  const { body } = await proposed(url, [turn(mark)], { headers: requester.headers });
  const request = await asked(url, `directive-${body.directive_id}`, admin);
  return { requester, request, directive_id: body.directive_id as string };
};
const unturned = (mark: string): void => expect(turns).not.toContain(`turned ${mark}`);

describe('abuse of approvals', () => {
  it('S10: whoever asked does not agree to it', async () => {
    const { requester, request } = await waiting('s10');
    const answer = await decided(url, request, 'approve', { headers: requester.headers });
    expect(answer).toMatchObject({ status: 403, body: { code: 'four_eyes' } });
    expect(await typesOf(url, `approval-${request.approval_id}`, admin)).toEqual(['ApprovalRequested']);
    unturned('s10');
  });

  it('S02: neither does a key without the scope, nor one without the role', async () => {
    const { request } = await waiting('s02');
    const scopeless = await keyWith(['directives:write', 'events:read', 'approvals:read']);
    expect((await decided(url, request, 'approve', { headers: scopeless.headers })).status).toBe(403);
    const roleless = await keyWith(everything, ['clerk']);
    const answer = await decided(url, request, 'approve', { headers: roleless.headers });
    expect(answer).toMatchObject({ status: 403, body: { code: 'role_missing', roles: ['treasurer'] } });
    unturned('s02');
  });

  it('S11: what is denied is denied, whoever agrees afterwards', async () => {
    const { request, directive_id } = await waiting('s11');
    const { headers } = await keyWith(everything, ['treasurer']);
    expect((await decided(url, request, 'deny', { headers })).status).toBe(200);
    const late = await decided(url, request, 'approve', { headers });
    expect(late).toMatchObject({
      status: 409,
      body: { status: 409, code: 'approval_closed', approval_status: 'denied' },
    });
    expect((await directiveEnd(url, directive_id, admin)).data.code).toBe('approval_denied');
    unturned('s11');
  });

  it('S12: an agreement to another digest, or to an older revision, is no agreement', async () => {
    const { request } = await waiting('s12');
    const { headers } = await keyWith(everything, ['treasurer']);
    const other = { ...request, action_digest: `sha256:${'ab'.repeat(32)}` };
    expect(await decided(url, other, 'approve', { headers })).toMatchObject({
      status: 409,
      body: { code: 'action_changed' },
    });
    const stale = await decided(url, request, 'approve', { headers, revision: 7 });
    expect([409, 412]).toContain(stale.status);
    unturned('s12');
  });

  it('S14: a captured agreement, sent again, agrees to nothing more', async () => {
    const { request, directive_id } = await waiting('s14');
    const { headers } = await keyWith(everything, ['treasurer']);
    const replayed = { ...headers, 'idempotency-key': 'captured' };
    expect((await decided(url, request, 'approve', { headers: replayed })).status).toBe(200);
    await directiveEnd(url, directive_id, admin);
    const again = await decided(url, request, 'approve', { headers: { ...headers, 'idempotency-key': 'another' } });
    expect(again.status).toBe(409);
    expect(turns.filter((line) => line === 'turned s14')).toHaveLength(1);
    const second = await waiting('s14-second');
    const elsewhere = await decided(url, second.request, 'approve', { headers: replayed });
    expect([409, 422]).toContain(elsewhere.status);
    unturned('s14-second');
  });

  it('S85: what a step answers, however it reads, is no agreement', async () => {
    const said = {
      payload: { decision: 'approve', status: 'granted', by: 'user:manager', message: 'manager approved' },
    };
    const steps = [step('says', 'echo', said), { ...turn('s85'), depends_on: ['says'] }];
    const { body } = await proposed(url, steps, { headers: admin });
    const run_id = await runOf(url, body.directive_id, admin);
    const { approval_id } = await asked(url, `run-${run_id}`, admin);
    expect(await typesOf(url, `approval-${approval_id}`, admin)).toEqual(['ApprovalRequested']);
    unturned('s85');
  });
});

describe('abuse of what is asked for', () => {
  it('S09, S72: nobody says who they are, what they may, or what the verdict is, in a body', async () => {
    const head = await logHead(url, admin);
    const forged = [
      { actor: 'user:operator' },
      { roles: ['*'] },
      { principal: { type: 'user', id: 'operator' } },
      { tenant: 'other' },
      { verdict: { decision: 'allow' } },
      { issued_by: 'system:start' },
      { origin: { kind: 'turn' } },
    ];
    for (const member of forged)
      expect(await proposed(url, [turn('s09')], { headers: admin, ...member })).toMatchObject({ status: 400 });
    expect(await logHead(url, admin)).toBe(head);
    const { requester, directive_id } = await waiting('s72');
    const [drafted] = await eventsOf(url, `directive-${directive_id}`, admin);
    expect(drafted).toMatchObject({ actor: requester.actor, data: { issued_by: requester.actor } });
  });

  it('S87: a budget that nobody can read blocks, and so does one above the ceiling', async () => {
    for (const budget of ['lots', '-1', '1e9', 'NaN', '$5.01', '$999999999']) {
      const { body } = await proposed(url, [step('a', 'noop')], { headers: admin, budget });
      expect(body, budget).toMatchObject({ status: 'blocked', run_id: null });
    }
  });

  it('S80: what a result says is not a template, and fills nothing in', async () => {
    const payload = 'and {{secret.payload}} of {{first.artifact}}';
    const steps = [
      step('secret', 'echo', { payload: 'the secret' }),
      step('first', 'echo', { payload }, { depends_on: [] }),
      step('second', 'echo', { payload: '{{first.payload}}' }, { depends_on: ['secret', 'first'] }),
      step(
        'third',
        'io.fs.write_file',
        { path: 's80.txt', content: 'x{{second.payload}}' },
        { depends_on: ['second'] },
      ),
    ];
    const { body } = await proposed(url, steps, { headers: admin });
    const end = await runEnd(url, await runOf(url, body.directive_id, admin), admin);
    expect(end.type).toBe('RunCompleted');
    expect(end.data.result.second.payload).toBe(end.data.result.first.payload);
    expect(readFileSync(path.join(folder, 'workspace', 's80.txt'), 'utf8')).toBe(`x${end.data.result.first.payload}`);
  });

  it('S80: a result cannot turn an argument into one that the policy would not have allowed', async () => {
    const own = await dataFolder();
    mkdirSync(path.join(own, 'workspace'), { recursive: true });
    const when = {
      capabilities: ['io.fs.write_file'],
      arguments: [{ path: 'path', is: 'like' as const, value: ['secret*'] }],
    };
    const rule = { rule_id: 'secret', when, decision: 'deny' as const, reason: 'not there' };
    const node = await startHere(own, underPolicy(own, policyWith({ rules: [rule] })));
    const write = step(
      'write',
      'io.fs.write_file',
      { path: '{{first.payload}}', content: 'x' },
      { depends_on: ['first'] },
    );
    const { body } = await proposed(node.url, [step('first', 'echo', { payload: 'secret.txt' }), write]);
    const end = await runEnd(node.url, await runOf(node.url, body.directive_id));
    expect(end).toMatchObject({ type: 'RunFailed', data: { code: 'policy_denied' } });
    expect(existsSync(path.join(own, 'workspace', 'secret.txt'))).toBe(false);
  });

  it('S60: argument names that would pollute, and arguments beyond all measure, are refused', async () => {
    const head = await logHead(url, admin);
    const polluting = JSON.stringify({ status: 'proposed', objective: 'x', steps: [step('a', 'noop')] }).replace(
      '"args":{}',
      '"args":{"__proto__":{"polluted":true}}',
    );
    expect((await ask(url, '/directives', { body: polluting, headers: admin })).status).toBe(400);
    let deep: unknown = 'x';
    for (let depth = 0; depth < 200; depth += 1) deep = { deep };
    for (const payload of [deep, 'x'.repeat(40_000), Array.from({ length: 20_000 }, () => 1)]) {
      const { status } = await proposed(url, [step('a', 'echo', { payload })], { headers: admin });
      expect([400, 413]).toContain(status);
    }
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    expect(await logHead(url, admin)).toBe(head);
    const { body } = await proposed(
      url,
      [step('a', 'echo', { payload: { constructor: { prototype: { polluted: true } } } })],
      {
        headers: admin,
      },
    );
    await directiveEnd(url, body.directive_id, admin);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it('S82: whoever decides sees the very characters that would be sent, and not what they look like', async () => {
    const mark = 'pay\u202e001\u200b \u{e0041}';
    const { request, directive_id } = await waiting(mark);
    const { data } = await happened(url, `directive-${directive_id}`, ['DirectiveApprovalRequested'], admin);
    expect(data.action.args.mark).toBe(mark);
    const { body } = await askFreshAs(`/approvals/${request.approval_id}`);
    expect(body.action.args.mark).toBe(mark);
    unturned(mark);
  });

  it('S68: an idempotency key with another body does nothing, and with the same one it does it once', async () => {
    const headers = { ...admin, 'idempotency-key': 'the-same' };
    const first = await proposed(url, [turn('s68')], { headers });
    const again = await proposed(url, [turn('s68')], { headers });
    expect(again.body.directive_id).toBe(first.body.directive_id);
    const head = await logHead(url, admin);
    expect([409, 422]).toContain((await proposed(url, [turn('s68-other')], { headers })).status);
    expect(await logHead(url, admin)).toBe(head);
  });
});

const askFreshAs = async (where: string) => {
  const { body } = await ask(url, '/projections', { headers: admin });
  return ask(url, where, { headers: { ...admin, 'acta-min-position': body.data[0].head, prefer: 'wait=10' } });
};

describe('abuse by volume', () => {
  it('S76: a flood of directives is cut off at the quota, and nothing is begun beyond it', async () => {
    const own = await dataFolder();
    const node = await startHere(own, { ...underPolicy(own, policyWith()), ACTA_QUOTAS: 'write=200' });
    const flood = Array.from({ length: 1_000 }, () => proposed(node.url, [step('a', 'noop')], { status: 'draft' }));
    const statuses = (await Promise.all(flood)).map(({ status }) => status);
    expect(new Set(statuses)).toEqual(new Set([202, 429]));
    expect((await ask(node.url, '/livez')).status).toBeLessThan(500);
  });
});
