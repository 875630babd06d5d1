import { mkdirSync, writeFileSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { PolicyDocument } from '../../../src/domain/gate/policy.document.ts';
import { ask, dataFolder, startHere } from '../../support/acta.ts';
import {
  asked,
  decided,
  directiveEnd,
  eventsOf,
  happened,
  policyWith,
  proposed,
  runEnd,
  runOf,
  step,
  underPolicy,
} from '../../support/gated.ts';
import { vault } from '../../support/vault.ts';

const turn = step('turn', 'vault.turn', { mark: 'once' });
const longer = [step('first', 'noop'), { ...turn, depends_on: ['first'] }];

/**
 * A directive that waits for an approval, on a node that is then stopped. At the desk people may decide, and nothing is
 * dispatched, for nobody drives processes there; then the node is there again.
 */
const waiting = async (document: PolicyDocument, steps: readonly object[] = [turn]) => {
  const folder = await dataFolder();
  mkdirSync(path.join(folder, 'workspace'), { recursive: true });
  const turns: string[] = [];
  const start = (roles: string, says?: string) =>
    startHere(folder, { ...underPolicy(folder, document), ACTA_ROLES: roles }, undefined, {
      capabilities: [vault((line) => void turns.push(line), says)],
    });
  const whole = 'api,projections,processes';
  const before = await start(whole);
  const { body } = await proposed(before.url, steps);
  const { directive_id } = body;
  const single = steps.length === 1;
  const stream = single ? `directive-${directive_id}` : `run-${await runOf(before.url, directive_id)}`;
  const request = await asked(before.url, stream);
  await before.stop(1_000);
  return {
    turns,
    folder,
    directive_id,
    request,
    desk: () => start('api,projections'),
    node: (says?: string) => start(whole, says),
  };
};

/** How the run ended, and the approval; by then nothing may have been called. */
const outcome = async (url: string, directive_id: string, approval_id: string) => {
  const end = await runEnd(url, await runOf(url, directive_id));
  const approval = await happened(url, `approval-${approval_id}`, [
    'ApprovalInvalidated',
    'ApprovalExpired',
    'ApprovalUsed',
    'ApprovalWithdrawn',
  ]);
  return { type: end.type, code: end.data.code, approval: approval.type };
};

const everyHigh = policyWith();

describe('what was agreed to and has changed before it begins', () => {
  it.each([
    ['before its run', [turn]],
    ['within its run', longer],
  ])('another description of the capability invalidates the approval, and nothing runs: %s', async (_, steps) => {
    const { turns, directive_id, request, desk, node } = await waiting(everyHigh, steps);
    const granting = await desk();
    expect(await decided(granting.url, request)).toMatchObject({ status: 200, body: { status: 'granted' } });
    await granting.stop(1_000);
    const { url } = await node('Turns the key of the vault, and leaves the door open.');
    const { type, approval } = await outcome(url, directive_id, request.approval_id);
    expect([type, approval]).toEqual(['RunFailed', 'ApprovalInvalidated']);
    expect(turns).toEqual([]);
  });

  it('a capability that was disabled invalidates the approval, and nothing runs', async () => {
    const { turns, directive_id, request, desk, node } = await waiting(everyHigh);
    const granting = await desk();
    await decided(granting.url, request);
    const disabled = await ask(granting.url, '/capabilities/vault.turn/disable', { body: { reason: 'it sticks' } });
    expect(disabled.status).toBe(200);
    await granting.stop(1_000);
    const { url } = await node();
    expect(await outcome(url, directive_id, request.approval_id)).toEqual({
      type: 'RunFailed',
      code: 'policy_denied',
      approval: 'ApprovalInvalidated',
    });
    expect(turns).toEqual([]);
  });

  it('another policy invalidates the approval, and nothing runs', async () => {
    const { turns, directive_id, request, desk, node } = await waiting(everyHigh, longer);
    const granting = await desk();
    await decided(granting.url, request);
    const { body: policies } = await ask(granting.url, '/policies');
    const { policy_id } = policies.data[0];
    // Suspended: nothing is allowed, and what was agreed to under the version before is agreed to no more.
    const suspended = await ask(granting.url, `/policies/${policy_id}/suspend`, { body: { reason: 'it acts up' } });
    expect(suspended.status).toBe(200);
    await granting.stop(1_000);
    const { url } = await node();
    expect(await outcome(url, directive_id, request.approval_id)).toEqual({
      type: 'RunFailed',
      code: 'policy_denied',
      approval: 'ApprovalInvalidated',
    });
    expect(turns).toEqual([]);
  });

  it('what the world is like now invalidates the approval, and nothing runs', async () => {
    const write = step('write', 'io.fs.write_file', { path: 'a.txt', content: 'mine' });
    const rule = { rule_id: 'writing', when: { operations: ['write' as const] }, reason: 'it writes' };
    const document = policyWith({ rules: [{ ...rule, decision: 'require_approval' }] });
    const { folder, directive_id, request, desk, node } = await waiting(document, [write]);
    const granting = await desk();
    await decided(granting.url, request);
    await granting.stop(1_000);
    const file = path.join(folder, 'workspace', 'a.txt');
    writeFileSync(file, 'somebody else’s');
    const { url } = await node();
    expect(await outcome(url, directive_id, request.approval_id)).toEqual({
      type: 'RunFailed',
      code: 'approval_invalidated',
      approval: 'ApprovalInvalidated',
    });
    expect(readFileSync(file, 'utf8')).toBe('somebody else’s');
  });

  it('an approval that has expired while the run was paused is not used, and nothing runs', async () => {
    const expiring = policyWith({ approval: { expires_in_ms: 5_000 } });
    const turns: string[] = [];
    const folder = await dataFolder();
    const capabilities = [vault((line) => void turns.push(line))];
    const { url } = await startHere(folder, underPolicy(folder, expiring), undefined, { capabilities });
    const { directive_id } = (await proposed(url, longer)).body;
    const run_id = await runOf(url, directive_id);
    const request = await asked(url, `run-${run_id}`);
    expect((await ask(url, `/runs/${run_id}/pause`, { body: { reason: 'to have a look' } })).status).toBe(200);
    expect(await decided(url, request)).toMatchObject({ status: 200, body: { status: 'granted' } });
    await happened(url, `approval-${request.approval_id}`, ['ApprovalExpired']);
    expect((await ask(url, `/runs/${run_id}/resume`, { body: { reason: 'all is well' } })).status).toBe(200);
    expect(await outcome(url, directive_id, request.approval_id)).toEqual({
      type: 'RunFailed',
      code: 'approval_expired',
      approval: 'ApprovalExpired',
    });
    expect(turns).toEqual([]);
  });
});

describe('an approval that nobody decides in time', () => {
  it('expires by itself, and the directive is blocked', async () => {
    const { turns, directive_id, request, node } = await waiting(policyWith({ approval: { expires_in_ms: 1_000 } }));
    const { url } = await node();
    expect((await directiveEnd(url, directive_id)).data).toMatchObject({ code: 'approval_expired' });
    const late = { code: 'approval_closed', approval_status: 'expired' };
    expect(await decided(url, request)).toMatchObject({ status: 409, body: late });
    expect(turns).toEqual([]);
  });
});

describe('other arguments', () => {
  it('given after the grant are refused: what was agreed to is what runs', async () => {
    const { request, desk, node, turns, directive_id } = await waiting(everyHigh);
    const granting = await desk();
    await decided(granting.url, request);
    const edit = { args: { mark: 'twice' }, reason: 'more of it' };
    const answer = await ask(granting.url, `/approvals/${request.approval_id}/edit`, { body: edit });
    expect(answer).toMatchObject({ status: 409, body: { code: 'approval_closed', approval_status: 'granted' } });
    await granting.stop(1_000);
    const { url } = await node();
    await directiveEnd(url, directive_id);
    expect(turns).toEqual(['turned once']);
  });

  it('given before it end the request, and what was read of it grants nothing', async () => {
    const { request, node, turns, directive_id } = await waiting(everyHigh);
    const { url } = await node();
    const edit = { args: { mark: 'twice' }, reason: 'more of it' };
    expect(await ask(url, `/approvals/${request.approval_id}/edit`, { body: edit })).toMatchObject({ status: 202 });
    await happened(url, `approval-${request.approval_id}`, ['ApprovalSuperseded']);
    expect(await decided(url, request)).toMatchObject({ status: 409, body: { code: 'approval_closed' } });

    const renewed = (await eventsOf(url, `directive-${directive_id}`)).findLast(
      ({ type }) => type === 'DirectiveApprovalRequested',
    );
    const { approval_id } = renewed.data;
    await happened(url, `approval-${approval_id}`, ['ApprovalRequested']);
    const stale = await decided(url, { approval_id, action_digest: request.action_digest });
    expect(stale).toMatchObject({ status: 409, body: { code: 'action_changed' } });
    expect(turns).toEqual([]);
    const { action_digest } = renewed.data.action;
    expect(await decided(url, { approval_id, action_digest })).toMatchObject({ status: 200 });
    await directiveEnd(url, directive_id);
    expect(turns).toEqual(['turned twice']);
  });
});
