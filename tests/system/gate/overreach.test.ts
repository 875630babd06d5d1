import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, askFresh, dataFolder, startHere, type Body } from '../../support/acta.ts';
import {
  asked,
  decided,
  directiveEnd,
  happened,
  policyWith,
  proposed,
  runEnd,
  runOf,
  step,
  underPolicy,
} from '../../support/gated.ts';

let url: string;
let policy_id: string;
beforeAll(async () => {
  const folder = await dataFolder(afterAll);
  mkdirSync(path.join(folder, 'workspace'), { recursive: true });
  ({ url } = await startHere(folder, { ...underPolicy(folder, policyWith()), ACTA_QUOTAS: 'off' }, afterAll));
  policy_id = (await askFresh(url, '/policies')).body.data[0].policy_id;
});

const drafted = async (description: string): Promise<Body> =>
  (await ask(url, '/policies', { body: { document: policyWith({ description }) } })).body;
const activate = ({ newest_version: version, digest }: Body) =>
  step('activate', 'policy.activate', { version, digest, reason: 'a test' });
const policyNow = async (): Promise<Body> =>
  (await askFresh(url, '/policies')).body.data.find((each: Body) => each.policy_id === policy_id);

/** A run that has put a policy in force, and waits for somebody's word before it goes on. */
const activatedAndWaiting = async (draft: Body) => {
  const word = { kind: 'human_approval', step_id: 'word', message: 'go on?', depends_on: ['activate'] };
  const { body } = await proposed(url, [activate(draft), word]);
  const run_id = await runOf(url, body.directive_id);
  await decided(url, await asked(url, `run-${run_id}`));
  await happened(url, `run-${run_id}`, ['StepSucceeded']);
  return run_id;
};
const rolledBack = async (run_id: string): Promise<Body> => {
  await ask(url, `/runs/${run_id}/cancel`, { body: { rollback: true }, headers: { 'if-match': '*' } });
  return (await runEnd(url, run_id)).data;
};

describe('the rollback of a run that put a policy in force', () => {
  it('brings back the version before it', async () => {
    const before = (await policyNow()).active_version;
    const run_id = await activatedAndWaiting(await drafted('the first'));
    expect(await rolledBack(run_id)).toMatchObject({ rollback: 'complete' });
    expect((await policyNow()).active_version).toBe(before);
  });

  it('leaves the version alone that somebody has put in force since', async () => {
    const run_id = await activatedAndWaiting(await drafted('the second'));
    const strict = await drafted('the third');
    const { body } = await proposed(url, [activate(strict)]);
    await decided(url, await asked(url, `directive-${body.directive_id}`));
    await directiveEnd(url, body.directive_id);
    expect(await rolledBack(run_id)).toMatchObject({ rollback: 'incomplete' });
    expect((await policyNow()).active_version).toBe(strict.newest_version);
  });

  it('does not lift a suspension', async () => {
    const draft = await drafted('the fourth');
    const run_id = await activatedAndWaiting(draft);
    await ask(url, `/policies/${policy_id}/suspend`, {
      body: { reason: 'an emergency' },
      headers: { 'if-match': '*' },
    });
    expect(await rolledBack(run_id)).toMatchObject({ rollback: 'incomplete' });
    expect((await policyNow()).active_version).toBeNull();
    const { newest_version: policy_version, digest } = draft;
    await ask(url, `/policies/${policy_id}/activate`, { body: { policy_version, digest, reason: 'it is over' } });
  });
});

describe('a result', () => {
  const run = async (steps: readonly object[]): Promise<Body> => {
    const { body } = await proposed(url, steps);
    return await runEnd(url, await runOf(url, body.directive_id));
  };
  const long = step('long', 'js.eval', { source: "return 'x'.repeat(32000)" });

  it('that a template names a thousand times is not filled in a thousand times', async () => {
    const many = step('many', 'echo', { payload: '{{long.value}}'.repeat(2_000) }, { depends_on: ['long'] });
    expect(await run([long, many])).toMatchObject({
      type: 'RunFailed',
      data: { code: 'invalid_arguments', message: expect.stringContaining('beyond 65536 characters') },
    });
  });

  it('that cannot be digested is kept beside the log, and stops no reader of it', async () => {
    const half = step('half', 'data.json.parse', { text: String.raw`"\ud800"` });
    const deep = step('deep', 'js.eval', { source: 'let a = 1; for (let n = 0; n < 70; n += 1) a = [a]; return a' });
    for (const each of [half, deep])
      expect(await run([each])).toMatchObject({
        type: 'RunCompleted',
        data: { result: { artifact: expect.any(String) } },
      });
    const { body } = await askFresh(url, '/projections');
    expect(body.data.filter(({ parked }: Body) => parked > 0)).toEqual([]);
  });
});
