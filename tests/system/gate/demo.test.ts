import { describe, expect, it } from 'vitest';
import { ask, type Body } from '../../support/acta.ts';
import { decided, directiveEnd, eventsOf, proposed, step } from '../../support/gated.ts';
import golden from '../../golden/refund-desk.json' with { type: 'json' };
import { acta, answered, killed, refundDesk, story, waiting } from './demo.story.ts';

const wellDone =
  'completed: Done. 249.00 EUR are on their way back to you, and I have noted that the lamp broke in transit.';
const sorry = 'completed: I am sorry: the refund was not agreed to. Somebody will write to you.';
const theRefund = { customer_id: 'cust_88', amount: 249 };

/** Agrees as a program does that has read the request. */
const agreeing = {
  'over HTTP': async (url: string, request: Body) => {
    const { status, body } = await decided(url, request, 'approve', { revision: request.revision });
    expect([status, body.status]).toEqual([200, 'granted']);
  },
  'on the command line': async (url: string, { approval_id, action_digest, revision }: Body) => {
    const listed = await acta(url, 'approve', '--json');
    expect(listed.exit).toBe(7);
    expect(JSON.parse(listed.out).data[0]).toMatchObject({ approval_id, action_digest, revision });
    const what = ['--decision', 'approve', '--action-digest', action_digest, '--if-match', String(revision)];
    const { exit, out } = await acta(url, 'approvals', 'decide', approval_id, ...what, '--reason', 'a test', '--json');
    expect(exit).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ approval_id, status: 'granted' });
    await expect.poll(async () => (await acta(url, 'approve', '--quiet')).exit, { timeout: 20_000 }).toBe(0);
  },
};

describe('the refund desk of the demo', () => {
  it.each(Object.entries(agreeing))(
    'tells the same story each time, agreed to %s, pays once, and is staged once',
    async (_, agree) => {
      const { start, transfers } = await refundDesk();
      const first = await start();
      const request = await waiting(first.url);
      expect(request.action.args).toMatchObject(theRefund);
      expect(transfers()).toEqual([]);
      await agree(first.url, request);
      expect(await answered(first.url)).toBe(wellDone);
      expect(await story(first.url)).toEqual(golden);
      expect(transfers()).toMatchObject([theRefund]);

      first.signal('SIGTERM');
      expect(await first.ended).toBe(0);
      const second = await start();
      await killed(second);
      const third = await start();
      // What is asked after the start is answered after it: nothing of the start is still to come.
      expect((await ask(third.url, '/chat', { body: { message: 'hello' } })).status).toBe(200);
      const { 'session-2': hello, 'episode-2': episode, 'working_memory-2': focus, ...rest } = await story(third.url);
      expect(hello?.at(-1)).toBe('TurnCompleted');
      expect([episode, focus]).toEqual([['EpisodeStarted'], ['WorkingMemoryFocused']]);
      expect(rest).toEqual(golden);
      expect(transfers()).toMatchObject([theRefund]);
    },
    120_000,
  );

  it('still waits after kill -9 and a restart, and then pays once', async () => {
    const { start, transfers } = await refundDesk();
    const before = await start();
    const request = await waiting(before.url);
    await killed(before);

    const { url } = await start();
    expect(await waiting(url)).toMatchObject({
      approval_id: request.approval_id,
      action_digest: request.action_digest,
      expires_at: request.expires_at,
    });
    expect(transfers()).toEqual([]);
    expect(await decided(url, request)).toMatchObject({ status: 200 });
    expect(await answered(url)).toBe(wellDone);
    expect(await story(url)).toEqual(golden);
    expect(transfers()).toMatchObject([theRefund]);
  }, 120_000);

  it('apologizes when the refund is denied, and pays nothing', async () => {
    const { start, transfers } = await refundDesk();
    const { url } = await start();
    const request = await waiting(url);
    expect(await decided(url, request, 'deny')).toMatchObject({ status: 200, body: { status: 'denied' } });
    expect(await answered(url)).toBe(sorry);
    expect(transfers()).toEqual([]);
  }, 60_000);

  it('lets nobody refund more than 1,000, and asks for less', async () => {
    const { start, transfers } = await refundDesk();
    const { url } = await start();
    const refund = (amount: number): ReturnType<typeof proposed> => {
      const args = { order_id: '4821', customer_id: 'cust_88', amount, currency: 'EUR', note: 'a test' };
      return proposed(url, [step('refund', 'payments.refund', args)], { scope: 'development' });
    };
    const { body: blocked } = await refund(1_000.01);
    expect(blocked).toMatchObject({ status: 'blocked', run_id: null });
    expect((await directiveEnd(url, blocked.directive_id)).data).toMatchObject({ code: 'policy_denied' });
    const events = await eventsOf(url, `directive-${blocked.directive_id}`);
    expect(JSON.stringify(events.find(({ type }) => type === 'DirectiveJudged').data)).toContain('pay-004');
    expect((await refund(1_000)).body).toMatchObject({ status: 'proposed', waiting_for: 'approval' });
    expect(transfers()).toEqual([]);
  }, 60_000);
});
