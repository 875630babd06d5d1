import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, askFresh, dataFolder, startHere, type Body } from '../../support/acta.ts';
import {
  asked,
  decided,
  directiveEnd,
  eventsOf,
  happened,
  logHead,
  policyWith,
  proposed,
  step,
} from '../../support/gated.ts';

/** Under the careful policy that a machine has where nobody has said anything. */
let url: string;
let policy_id: string;
beforeAll(async () => {
  ({ url } = await startHere(await dataFolder(afterAll), {}, afterAll));
  policy_id = (await askFresh(url, '/policies')).body.data[0].policy_id;
});

const hello = [step('hello', 'noop', { message: 'hello' })];
/** Nothing is allowed of what says hello; everything else is as it was asked for. */
const unfriendly = policyWith({
  name: 'unfriendly',
  rules: [{ rule_id: 'no_noop', when: { capabilities: ['noop'] }, decision: 'deny', reason: 'not this one' }],
});

const drafted = async (document: object): Promise<Body> => (await ask(url, '/policies', { body: { document } })).body;
const activated = (version: number, digest: string) =>
  ask(url, `/policies/${policy_id}/activate`, { body: { policy_version: version, digest, reason: 'a test' } });

/** The policy under which a directive was judged, and how it stands. */
const judged = async (steps: readonly object[]): Promise<Body> => {
  const { body } = await proposed(url, steps);
  const { data } = await happened(url, `directive-${body.directive_id}`, ['DirectiveJudged']);
  const { policy, decision } = data;
  return { ...body, policy, decision };
};

/** Puts a version in force as it has to be: the policy that is in force asks for an agreement to that. */
const inForce = async ({ newest_version: version, digest }: Body): Promise<string> => {
  const { body } = await activated(version, digest);
  const { directive_id } = body.directive;
  await decided(url, await asked(url, `directive-${directive_id}`));
  return (await directiveEnd(url, directive_id)).data.run_status;
};

describe('a policy', () => {
  it('that is drafted judges nothing, and is tried on what was judged before it is put in force', async () => {
    const before = await judged(hello);
    expect(before.decision).toBe('allow');
    await directiveEnd(url, before.directive_id);
    const draft = await drafted(unfriendly);
    expect(draft).toMatchObject({ newest_version: 2, active_version: 1 });
    const read = await askFresh(url, `/policies/${policy_id}/versions/2`);
    expect(read).toMatchObject({ status: 200, body: { version: 2, digest: draft.digest, document: unfriendly } });
    expect(await askFresh(url, `/policies/${policy_id}/versions/99`)).toMatchObject({ status: 404 });
    const again = await judged(hello);
    expect(again.policy).toEqual(before.policy);
    await directiveEnd(url, again.directive_id);
    await askFresh(url, '/verdicts');

    const head = await logHead(url);
    const { status, body } = await ask(url, '/policies/simulate', { body: { policy_version: 2, replay_last: 100 } });
    expect(status).toBe(200);
    expect(body.changed.length).toBeGreaterThan(0);
    for (const change of body.changed)
      expect(change).toMatchObject({ capability_id: 'noop', before: 'allow', after: 'deny', rule_after: 'no_noop' });
    expect(await logHead(url)).toBe(head);
  });

  it('is activated by a governed call: it waits for an agreement, and then judges at once, without a restart', async () => {
    const draft = await drafted(unfriendly);
    const { body } = await activated(draft.newest_version, draft.digest);
    expect(body).toMatchObject({ activated: false, directive: { waiting_for: 'approval' } });
    const { directive_id } = body.directive;
    expect((await judged(hello)).decision).toBe('allow');
    expect(await decided(url, await asked(url, `directive-${directive_id}`))).toMatchObject({ status: 200 });
    expect((await directiveEnd(url, directive_id)).data).toMatchObject({ run_status: 'completed' });
    const after = await judged(hello);
    expect(after).toMatchObject({ status: 'blocked', decision: 'deny' });
    expect(after.policy).toMatchObject({ version: draft.newest_version, digest: draft.digest });
  });

  it('is not put in force by a digest that is not what was read', async () => {
    const draft = await drafted(policyWith({ name: 'another' }));
    const answer = await activated(draft.newest_version, `sha256:${'00'.repeat(32)}`);
    expect(answer).toMatchObject({ status: 409, body: { code: 'action_changed', digest: draft.digest } });
  });

  it.each([
    ['denies everything', policyWith({ otherwise: 'deny' })],
    ['is in safe mode', policyWith({ safe_mode: true })],
    ['lists other capabilities', policyWith({ capability_allowlist: ['noop'] })],
    [
      'denies activations',
      policyWith({
        rules: [{ rule_id: 'no', when: { capabilities: ['policy.*'] }, decision: 'deny', reason: 'never again' }],
      }),
    ],
  ])('under which nobody could put another one in force is refused: it %s', async (_, document) => {
    const head = await logHead(url);
    expect(await ask(url, '/policies', { body: { document } })).toMatchObject({
      status: 400,
      body: { code: 'validation_failed' },
    });
    expect(await logHead(url)).toBe(head);
  });

  it('that is suspended denies all, and the same version comes back at once, and no other', async () => {
    expect(await inForce(await drafted(policyWith({ name: 'friendly' })))).toBe('completed');
    const { policy } = await judged(hello);
    const reason = { reason: 'something acts up' };
    expect((await ask(url, `/policies/${policy_id}/suspend`, { body: reason })).status).toBe(200);
    const suspended = await judged(hello);
    expect(suspended).toMatchObject({ status: 'blocked', decision: 'deny', policy: { name: 'none' } });
    const said = `version ${policy.version} of the policy friendly is suspended`;
    expect(suspended.reasons).toEqual([expect.stringContaining(said)]);

    const other = await drafted(policyWith({ name: 'not this one' }));
    const { body } = await activated(other.newest_version, other.digest);
    expect(body).toMatchObject({ activated: false, directive: { status: 'blocked' } });
    const back = await activated(policy.version, policy.digest);
    expect(back).toMatchObject({ status: 200, body: { activated: true } });
    expect(await judged(hello)).toMatchObject({ decision: 'allow', policy });
    const stream = await eventsOf(url, `policy-${policy_id}`);
    expect(stream.at(-1)).toMatchObject({ type: 'PolicyActivated', data: { version: policy.version } });
  });
});
