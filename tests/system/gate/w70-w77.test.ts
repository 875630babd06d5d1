import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, dataFolder, startHere, startServer } from '../../support/acta.ts';
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
import { vault } from '../../support/vault.ts';

const turns: string[] = [];
let url: string;
let folder: string;
const file = (name: string): string => path.join(folder, 'workspace', name);
const write = (step_id: string, name: string, more: object = {}) => ({
  ...step(step_id, 'io.fs.write_file', { path: name, content: 'new' }),
  ...more,
});
const after = (...depends_on: readonly string[]) => ({ depends_on });

beforeAll(async () => {
  folder = await dataFolder(afterAll);
  mkdirSync(path.join(folder, 'workspace'), { recursive: true });
  const stage = { capabilities: [vault((line) => void turns.push(line))] };
  ({ url } = await startHere(folder, underPolicy(folder, policyWith()), afterAll, stage));
});

/** How the run of these steps ended, and what is on its record. */
const ran = async (steps: readonly object[], more: { readonly [member: string]: unknown } = {}) => {
  const { body } = await proposed(url, steps, more);
  const run_id = await runOf(url, body.directive_id);
  const end = await runEnd(url, run_id);
  return { end, events: await eventsOf(url, `run-${run_id}`), types: await typesOf(url, `run-${run_id}`) };
};

describe('bugs of the original that are not inherited', () => {
  it('W70: neither the caller nor a step says what risk there is; the registry does', async () => {
    const low = { risk_level: 'LOW', risk: { level: 'low' } };
    const turn = step('turn', 'vault.turn', { mark: 'w70' });
    expect((await proposed(url, [{ ...turn, ...low }])).status).toBe(400);
    expect((await proposed(url, [turn], low)).status).toBe(400);
    const { body } = await proposed(url, [turn], { stakes: 'low' });
    expect(body).toMatchObject({ waiting_for: 'approval' });
    const { data } = await happened(url, `directive-${body.directive_id}`, ['DirectiveJudged']);
    expect(data.steps[0].verdict.risk_level).toBe('high');
    expect(turns).not.toContain('turned w70');
  });

  it('W71: what was approved is what runs, and not the step after it', async () => {
    const steps = [
      step('turn', 'vault.turn', { mark: 'w71' }),
      step('after', 'echo', { payload: '{{turn.mark}}' }, after('turn')),
    ];
    const { body } = await proposed(url, steps);
    const run_id = await runOf(url, body.directive_id);
    const request = await asked(url, `run-${run_id}`);
    expect(turns).not.toContain('turned w71');
    await decided(url, request);
    expect(await runEnd(url, run_id)).toMatchObject({
      type: 'RunCompleted',
      data: { result: { turn: { mark: 'w71' }, after: { payload: 'w71' } } },
    });
    expect(turns.filter((line) => line === 'turned w71')).toHaveLength(1);
  });

  it('W72: the pause is a request on the record, and it is there after a crash', async () => {
    const own = await dataFolder();
    const env = { ...underPolicy(own, policyWith()), VAULT_TURNS: path.join(own, 'turns') };
    const program = [fileURLToPath(new URL('../../support/vault.program.ts', import.meta.url))];
    const before = await startServer(own, env, program);
    const { body } = await proposed(before.url, [
      step('first', 'noop'),
      step('turn', 'vault.turn', { mark: 'w72' }, after('first')),
    ]);
    const stream = `run-${await runOf(before.url, body.directive_id)}`;
    const request = await asked(before.url, stream);
    before.signal('SIGKILL');
    await before.ended;
    const again = await startServer(own, env, program);
    expect(await asked(again.url, stream)).toEqual(request);
    expect(await typesOf(again.url, `approval-${request.approval_id}`)).toEqual(['ApprovalRequested']);
    expect(existsSync(path.join(own, 'turns'))).toBe(false);
  });

  it('W73: undoing a written file restores what was there before, and removes only what was not', async () => {
    writeFileSync(file('w73-old.txt'), 'what somebody wrote');
    const { end } = await ran([
      write('old', 'w73-old.txt'),
      write('new', 'w73-new.txt', after('old')),
      step('fail', 'fail_intentionally', {}, after('new')),
    ]);
    expect(end).toMatchObject({ type: 'RunFailed', data: { rollback: 'complete' } });
    expect(readFileSync(file('w73-old.txt'), 'utf8')).toBe('what somebody wrote');
    expect(existsSync(file('w73-new.txt'))).toBe(false);
  });

  it('W74: a compensation that a plan declares is recorded with the success, and a crash loses nothing of it', async () => {
    const own = await dataFolder();
    mkdirSync(path.join(own, 'workspace'), { recursive: true });
    const env = underPolicy(own, policyWith());
    const compensation = {
      capability_id: 'io.fs.write_file',
      args: { path: 'undone.txt', content: '{{result.message}}' },
    };
    const steps = [
      step('first', 'noop', { message: 'w74' }, { compensation }),
      { kind: 'human_approval', step_id: 'word', message: 'Shall it go on?', depends_on: ['first'] },
    ];
    const before = await startServer(own, env);
    const { body } = await proposed(before.url, steps);
    const run_id = await runOf(before.url, body.directive_id);
    const request = await asked(before.url, `run-${run_id}`);
    before.signal('SIGKILL');
    await before.ended;
    const again = await startServer(own, env);
    await decided(again.url, request, 'deny');
    expect(await runEnd(again.url, run_id)).toMatchObject({ data: { rollback: 'complete' } });
    expect(readFileSync(path.join(own, 'workspace', 'undone.txt'), 'utf8')).toBe('w74');
  });

  it('W75: what answers with a failure has failed, and what ran before is rolled back', async () => {
    const { end, types } = await ran([
      write('written', 'w75.txt'),
      step('fail', 'fail_intentionally', { failure_mode: 'failure' }, after('written')),
    ]);
    expect(end).toMatchObject({ type: 'RunFailed', data: { step_id: 'fail', code: 'failed', rollback: 'complete' } });
    expect(types).toContain('UndoSucceeded');
    expect(existsSync(file('w75.txt'))).toBe(false);
  });

  it('W76: what can be said of a plan is done, and what is not done cannot be said', async () => {
    for (const dead of [{ audit_level: 'FULL' }, { global_compensation_steps: [] }, { max_execution_time_seconds: 1 }])
      expect((await proposed(url, [step('a', 'noop')], dead)).status).toBe(400);
    for (const kind of ['condition', 'compensation', 'parallel'])
      expect((await proposed(url, [{ ...step('a', 'noop'), kind }])).status).toBe(400);
    const sleeping = step('slow', 'js.eval', { source: 'for (;;) {}' }, { timeout_ms: 50 });
    const limits = { retry: { attempts_max: 1, first_ms: 1, longest_ms: 1 } };
    const { events } = await ran([sleeping], limits);
    expect(events.find(({ type }) => type === 'StepFailed')).toMatchObject({ data: { step_id: 'slow' } });
  });

  it('W77: a policy that denies everything else does not stand in the way of asking a person', async () => {
    const own = await dataFolder();
    const rule = { rule_id: 'policies', when: { capabilities: ['policy.*'] }, reason: 'so that there is a way out' };
    const document = policyWith({ rules: [{ ...rule, decision: 'require_approval' }], otherwise: 'deny' });
    const strict = await startHere(own, underPolicy(own, document));
    const word = { kind: 'human_approval', step_id: 'word', message: 'Shall it be so?', depends_on: [] };
    const { body } = await proposed(strict.url, [word]);
    const run_id = await runOf(strict.url, body.directive_id);
    await decided(strict.url, await asked(strict.url, `run-${run_id}`));
    expect(await runEnd(strict.url, run_id)).toMatchObject({ type: 'RunCompleted', data: { outcome: 'success' } });
    const { body: denied } = await proposed(strict.url, [step('a', 'noop')]);
    expect((await directiveEnd(strict.url, denied.directive_id)).data.code).toBe('policy_denied');
    expect((await ask(strict.url, '/health')).status).toBe(200);
  });
});
