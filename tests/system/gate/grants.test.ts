import { createHmac } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { ask, dataFolder, startHere, type Body } from '../../support/acta.ts';
import { grave, listener, propose } from '../../support/gate.ts';

const terms = {
  capability: 'test.grave',
  principals: ['user:*'],
  scopes: ['*'],
  constraints: [{ path: 'amount', is: 'at_most', value: 100 }],
  uses_max: 2,
  expires_at: new Date(Date.now() + 3_600_000).toISOString(),
};

const done = (url: string, { directive_id }: Body): Promise<Body> =>
  vi.waitFor(
    async () => {
      const { body } = await ask(url, `/streams/directive-${directive_id}/events`);
      const end = body.data.find(({ type }: Body) => type === 'DirectiveCompleted');
      expect(end).toBeDefined();
      return end.data;
    },
    { timeout: 20_000 },
  );

describe('a grant', () => {
  it('stands for an approval within its constraints, as often as it says, and then no more', async () => {
    const called: unknown[] = [];
    const { url } = await startHere(await dataFolder(), {}, undefined, {
      capabilities: [grave((args) => called.push(args))],
    });
    const { body: given, headers } = await ask(url, '/grants', { body: { terms, reason: 'a test' } });
    const at = headers.get('acta-position') ?? '';
    await ask(url, `/grants/${given.grant_id}`, { headers: { 'acta-min-position': at } });

    expect(await done(url, await propose(url, 'test.grave', { amount: 100 }))).toMatchObject({
      run_status: 'completed',
    });
    expect(await propose(url, 'test.grave', { amount: 101 })).toMatchObject({ waiting_for: 'approval' });
    expect(await done(url, await propose(url, 'test.grave', { amount: 7 }))).toMatchObject({ run_status: 'completed' });
    expect(called).toEqual([{ amount: 100 }, { amount: 7 }]);
    expect(await propose(url, 'test.grave', { amount: 1 })).toMatchObject({ waiting_for: 'approval' });
    const { body } = await ask(url, `/streams/grant-${given.grant_id}/events`);
    expect(body.data.map(({ type }: Body) => type)).toEqual([
      'GrantIssued',
      'GrantUsed',
      'GrantUsed',
      'GrantExhausted',
    ]);
  }, 60_000);
});

describe('a webhook', () => {
  it('is told of a request, signed so that it can be checked (Standard Webhooks)', async () => {
    const secret = 'a secret of at least twenty-four characters';
    const { url: hook, heard } = await listener();
    const folder = await dataFolder();
    const approval = '{ quorum: 1, roles: [], expires_in_ms: 600000, reason_required: false, webhook: true }';
    const head =
      'name: told\ndescription: ""\nbudget_ceiling_micros: null\ncapability_allowlist: null\nscope_allowlist: null\nsafe_mode: false';
    writeFileSync(
      join(folder, 'policy.yaml'),
      `${head}\nrules: []\notherwise: require_approval\napproval: ${approval}\n`,
    );
    const env = {
      ACTA_POLICY: join(folder, 'policy.yaml'),
      ACTA_APPROVAL_WEBHOOK: `${hook}/hook`,
      ACTA_APPROVAL_WEBHOOK_SECRET: secret,
      ACTA_HTTP_ALLOW: new URL(hook).host,
    };
    const { url } = await startHere(folder, env);
    const { approval_id } = await propose(url, 'io.fs.delete', { path: 'x' });
    await vi.waitFor(() => expect(heard).toHaveLength(1), { timeout: 20_000 });
    const [{ request, body } = { request: undefined, body: '' }] = heard;
    const sent = request?.headers ?? {};
    expect(sent['webhook-id']).toBe(approval_id);
    const of = `${sent['webhook-id'] as string}.${sent['webhook-timestamp'] as string}.${body}`;
    expect(sent['webhook-signature']).toBe(`v1,${createHmac('sha256', secret).update(of).digest('base64')}`);
    expect(JSON.parse(body)).toMatchObject({
      type: 'approval.requested',
      data: { approval_id, capability_id: 'io.fs.delete' },
    });
    await vi.waitFor(async () => {
      const { body: log } = await ask(url, `/streams/approval-${approval_id}/events`);
      expect(log.data.map(({ type }: Body) => type)).toEqual(['ApprovalRequested', 'ApprovalAnnounced']);
    });
  }, 60_000);
});
