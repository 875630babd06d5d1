import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { dataFolder, startServer, type Server } from '../../support/acta.ts';
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
  typesOf,
  underPolicy,
} from '../../support/gated.ts';

const program = [fileURLToPath(new URL('../../support/vault.program.ts', import.meta.url))];

/** A real process on a data folder of its own, under one rule for what is of high risk, with the file system as witness. */
const deployment = async (decision: 'deny' | 'require_approval') => {
  const folder = await dataFolder();
  const workspace = path.join(folder, 'workspace');
  const turns = path.join(folder, 'turns');
  mkdirSync(workspace, { recursive: true });
  writeFileSync(path.join(workspace, 'ledger.txt'), 'as it was');
  const rule = { rule_id: 'high', when: { risk_levels: ['high' as const] }, decision, reason: 'it is of high risk' };
  const env = { ...underPolicy(folder, policyWith({ rules: [rule] })), VAULT_TURNS: turns };
  return {
    start: (): Promise<Server> => startServer(folder, env, program),
    /** Every call of the capability, and every undoing, as the file system has it. */
    turned: (): string => (existsSync(turns) ? readFileSync(turns, 'utf8') : ''),
    ledger: (): string => readFileSync(path.join(workspace, 'ledger.txt'), 'utf8'),
  };
};

const turn = (more: { readonly depends_on?: readonly string[] } = {}) =>
  step('turn', 'vault.turn', { mark: 'once' }, more);
const write = step('write', 'io.fs.write_file', { path: 'ledger.txt', content: 'changed' });
/** What is harmless first, then what is risky: the longer run. */
const longer = [write, turn({ depends_on: ['write'] })];

const killed = async ({ signal, ended }: Server): Promise<void> => {
  signal('SIGKILL');
  expect(await ended).toBe('SIGKILL');
};

describe('a capability of high risk under a policy that denies high risk', () => {
  it.each([
    ['alone', [turn()]],
    ['in a longer run', longer],
  ])('fails before any step runs, with the state intact and nothing to roll back: %s', async (_, steps) => {
    const { start, turned, ledger } = await deployment('deny');
    const { url } = await start();
    const { body } = await proposed(url, steps);
    expect(body).toMatchObject({ status: 'blocked', blocked_code: 'policy_denied', run_id: null });
    const { data } = await directiveEnd(url, body.directive_id);
    expect(data).toMatchObject({ by: 'policy', code: 'policy_denied' });
    expect(await typesOf(url, `directive-${body.directive_id}`)).not.toContain('DirectiveDispatched');
    expect([turned(), ledger()]).toEqual(['', 'as it was']);
  });
});

describe('a capability of high risk under a policy that asks for an approval', () => {
  it('pauses, survives kill -9 and a restart, and runs once when it is approved', async () => {
    const { start, turned } = await deployment('require_approval');
    const before = await start();
    const { body } = await proposed(before.url, [turn()]);
    expect(body).toMatchObject({ status: 'proposed', waiting_for: 'approval' });
    const stream = `directive-${body.directive_id}`;
    const request = await asked(before.url, stream);
    await killed(before);

    const between = await start();
    expect(await asked(between.url, stream)).toEqual(request);
    expect(turned()).toBe('');
    expect(await decided(between.url, request)).toMatchObject({ status: 200, body: { status: 'granted' } });
    await killed(between);

    const { url } = await start();
    const { data } = await directiveEnd(url, body.directive_id);
    expect(data).toMatchObject({ run_status: 'completed', result: { mark: 'once' } });
    expect(turned()).toBe('turned once\n');
    expect(await typesOf(url, `approval-${request.approval_id}`)).toEqual([
      'ApprovalRequested',
      'ApprovalVoteCast',
      'ApprovalGranted',
      'ApprovalUsed',
    ]);
  });

  it('in the middle of a longer run does so too, and what ran before it does not run again', async () => {
    const { start, turned, ledger } = await deployment('require_approval');
    const before = await start();
    const { body } = await proposed(before.url, longer);
    const run_id = await runOf(before.url, body.directive_id);
    const request = await asked(before.url, `run-${run_id}`);
    expect([turned(), ledger()]).toEqual(['', 'changed']);
    await killed(before);

    const { url } = await start();
    expect(await decided(url, request)).toMatchObject({ status: 200 });
    expect(await runEnd(url, run_id)).toMatchObject({ type: 'RunCompleted', data: { outcome: 'success' } });
    expect([turned(), ledger()]).toEqual(['turned once\n', 'changed']);
    const intents = (await eventsOf(url, `run-${run_id}`)).filter(({ type }) => type === 'StepIntended');
    expect(intents.map(({ data }) => data.step_id)).toEqual(['write', 'turn']);
  });

  it('in the middle of a longer run, rejected, rolls back what ran before', async () => {
    const { start, turned, ledger } = await deployment('require_approval');
    const before = await start();
    const { body } = await proposed(before.url, longer);
    const run_id = await runOf(before.url, body.directive_id);
    const request = await asked(before.url, `run-${run_id}`);
    expect(ledger()).toBe('changed');
    await killed(before);

    const { url } = await start();
    expect(await decided(url, request, 'deny')).toMatchObject({ status: 200, body: { status: 'denied' } });
    const end = await runEnd(url, run_id);
    expect(end).toMatchObject({ type: 'RunFailed', data: { code: 'approval_denied', rollback: 'complete' } });
    expect([turned(), ledger()]).toEqual(['', 'as it was']);
    await happened(url, `directive-${body.directive_id}`, ['DirectiveCompleted']);
  });

  it('rejected before its run, never has one', async () => {
    const { start, turned } = await deployment('require_approval');
    const { url } = await start();
    const { body } = await proposed(url, [turn()]);
    await decided(url, await asked(url, `directive-${body.directive_id}`), 'deny');
    expect((await directiveEnd(url, body.directive_id)).data).toMatchObject({ code: 'approval_denied' });
    expect(turned()).toBe('');
  });
});
