import type { ServerResponse } from 'node:http';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { approval_id, choice, conversation, digest, inbox, now, request } from './approve.story.ts';
import { json, play, played, problem, standIn, type Act, type Answer, type Asked } from './stage.ts';

let server: Awaited<ReturnType<typeof standIn>>;
let answer: Answer;
beforeAll(async () => {
  server = await standIn((asked, response) => answer(asked, response));
});
beforeEach(() => {
  vi.spyOn(Date, 'now').mockReturnValue(now.getTime());
});
afterEach(() => {
  vi.restoreAllMocks();
  server.asked.length = 0;
});
afterAll(() => server.close());

const env = (): Record<string, string> => ({ ACTA_URL: server.url, NO_COLOR: '1' });
const sitting = (columns = 100): Act => play(['approve'], { env: env(), screen: true, columns });
const decisions = (): readonly Asked[] => server.asked.filter(({ path }) => path.endsWith('/decision'));

describe('the inbox on a terminal', () => {
  it('shows a request with all that is needed to decide, and sends exactly what was shown', async () => {
    answer = inbox([request()]);
    const act = sitting();
    const reply = conversation(act);
    await reply(choice, 'a');
    expect(act.out()).toBe(
      `
[1/1]  ◎ CRITICAL  payments.refund 1.0.0  expires in 41 m 30 s
                 A tool call of a turn: payments.refund
  will run       order_id = "4821"
                 amount = 249
                 currency = "EUR"
  why            pay-003: a refund of more than 100 needs somebody from ops to agree (policy
                 ⋮  refund desk v1)
                 capability is "payments.refund", and ["payments.refund"] was looked for
                 it takes 1 of ops; 0 so far
  would pass     an approval by 1 of ops
  relies on      order.status = "delivered", and is so now
                 checked again: it is what was asked for
  asked by       agent:support-1, for user:customer
  precedent      12 in 90 days: 11 granted, 1 denied
                 since the last, granted: amount: 90 → 249
  approval       ${approval_id} at revision 3
  digest         ${digest}
  expires        2026-11-21T12:41:30.000Z
`,
    );
    await reply('Reason: ', 'the photo shows it');
    await reply('Type 249 to confirm: ', '249.00');
    expect(await act.exit).toBe(0);
    expect(act.err()).toContain('Recorded at position 97: granted');
    expect(decisions()).toMatchObject([
      {
        path: `/approvals/${approval_id}/decision`,
        headers: { 'if-match': '"3"', 'idempotency-key': expect.stringMatching(/^[0-9a-f-]{36}$/) },
        body: { decision: 'approve', reason: 'the photo shows it', action_digest: digest },
      },
    ]);
  });

  it('goes from the soonest expiry to the latest, and leaves what is skipped', async () => {
    const last = request({ id: 'late', expires_at: '2026-11-23T00:00:00.000Z' });
    answer = inbox([last, request({ id: 'soon' })]);
    const act = sitting();
    const reply = conversation(act);
    await reply(choice, 's');
    await reply(choice, 'q');
    expect(await act.exit).toBe(0);
    expect(act.out().indexOf('soon at revision')).toBeLessThan(act.out().indexOf('late at revision'));
    expect(act.out()).toContain('[2/2]');
    expect(decisions()).toEqual([]);
  });

  it('has nothing to ask where nothing waits', async () => {
    answer = inbox([]);
    const act = sitting();
    expect(await act.exit).toBe(0);
    expect(act.err()).toContain('nothing waits');
  });

  it('does nothing when the word is not typed, and nothing without a reason where one is needed', async () => {
    answer = inbox([request()]);
    const act = sitting();
    const reply = conversation(act);
    await reply(choice, 'a');
    await reply('Reason: ', '');
    await reply('Reason: ', 'why not');
    await reply('Type 249 to confirm: ', '294');
    await reply(choice, 'q');
    expect(await act.exit).toBe(0);
    expect(act.err()).toContain('1 to 2000 characters');
    expect(act.err()).toContain('nothing was decided');
    expect(decisions()).toEqual([]);
  });

  it('asks for the last word of the capability where there is no amount, and for none at low risk', async () => {
    const low = request({ id: 'low', risk_level: 'low', expires_at: '2026-11-23T00:00:00.000Z' });
    answer = inbox([request({ args: {} }), low]);
    const act = sitting();
    const reply = conversation(act);
    await reply(choice, 'a');
    await reply('Reason: ', 'yes');
    await reply('Type refund to confirm: ', 'refund');
    await reply(choice, 'a');
    await reply('Reason: ', 'yes');
    expect(await act.exit).toBe(0);
    expect(decisions()).toHaveLength(2);
  });

  it.each([
    ['d', 'Reason: ', 'deny'],
    ['c', 'What should change: ', 'request_changes'],
  ])('with %s asks "%s" and sends %s, which nobody has to confirm', async (key, question, decision) => {
    answer = inbox([request()], {
      decided: (_, response) => json(response, { status: 'denied', agreed: 0, quorum: 1 }),
    });
    const act = sitting();
    const reply = conversation(act);
    await reply(choice, key);
    await reply(question, 'ask for the photo first');
    expect(await act.exit).toBe(0);
    expect(decisions()[0]?.body).toEqual({ decision, reason: 'ask for the photo first', action_digest: digest });
  });

  it('grants more calls like this one, bounded as it is said, once the sentence is agreed to', async () => {
    answer = inbox([request()]);
    const act = sitting();
    const reply = conversation(act);
    await reply(choice, 'g');
    await reply('Reason: ', 'small ones are fine');
    await reply('how many more times', '5000');
    await reply('how many more times', '5');
    await reply('for how many hours', '2');
    await reply('amount at most (249 now', '300');
    await reply('Is that what you mean?', 'y');
    await reply('Type 249 to confirm: ', '249');
    expect(await act.exit).toBe(0);
    expect(act.err()).toContain(
      'agent:support-1 may then call payments.refund 5 times more until 2026-11-21T14:00:00.000Z without asking, with amount at most 300, and whatever order_id, currency are.',
    );
    expect(decisions()[0]?.body).toMatchObject({
      decision: 'approve',
      grant: {
        constraints: [{ path: 'amount', is: 'at_most', value: 300 }],
        uses_max: 5,
        expires_at: '2026-11-21T14:00:00.000Z',
      },
    });
  });

  it('says what differs from what was asked for', async () => {
    answer = inbox([request()], { differs: ['preconditions', 'policy_digest'] });
    const act = sitting();
    await conversation(act)(choice, 'q');
    await act.exit;
    expect(act.out()).toContain('! order.status = "delivered" when it was asked, "returned" now');
    expect(act.out()).toContain('! differs since it was asked: policy_digest');
  });

  it('shows what changed when somebody else was faster, and offers the new state', async () => {
    const votes = [{ by: 'key:kai', vote: 'approve', reason: 'seen' }];
    const other = request({ revision: 4, agreed: 1, quorum: 2, votes });
    let tries = 0;
    answer = inbox([request({ quorum: 2 })], {
      decided: (_, response) => {
        tries += 1;
        if (tries === 1) problem(response, 412, 'revision_conflict', { current_revision: 4 });
        else json(response, { status: 'granted', agreed: 2, quorum: 2 });
      },
      later: { [approval_id]: other },
    });
    const act = sitting();
    const reply = conversation(act);
    await reply(choice, 'a');
    await reply('Reason: ', 'mine');
    await reply('Type 249', '249');
    await reply(choice, 'a');
    await reply('Reason: ', 'still mine');
    await reply('Type 249', '249');
    expect(await act.exit).toBe(0);
    expect(act.err()).toContain('! key:kai has said approve: seen');
    expect(act.err()).toContain('your reason was: mine');
    expect(decisions().map(({ headers }) => headers['if-match'])).toEqual(['"3"', '"4"']);
    expect(new Set(decisions().map(({ headers }) => headers['idempotency-key'])).size).toBe(2);
  });

  it('goes on to the next when it was decided meanwhile, and stays where only this person may not', async () => {
    const denied = request({ status: 'denied', revision: 4, ended_by: 'key:kai' });
    const next = request({ id: 'next', expires_at: '2026-11-23T00:00:00.000Z' });
    answer = inbox([request(), next], {
      decided: ({ path }, response) =>
        path.includes('next') ? problem(response, 403, 'four_eyes') : problem(response, 409, 'approval_closed'),
      later: { [approval_id]: denied },
    });
    const act = sitting();
    const reply = conversation(act);
    for (const _ of ['first', 'second']) {
      await reply(choice, 'd');
      await reply('Reason: ', 'no');
    }
    await reply(choice, 'q');
    expect(await act.exit).toBe(0);
    expect(act.err()).toContain('! it is denied, by key:kai');
    expect(act.err()).toContain('somebody who had no hand in asking has to decide');
  });

  it('leaves on Ctrl-C and sends nothing', async () => {
    answer = inbox([request()]);
    const act = sitting();
    const reply = conversation(act);
    await reply(choice, 'a');
    await vi.waitFor(() => expect(act.err()).toContain('Reason: '));
    act.stdin.write('\u0003');
    expect(await act.exit).toBe(130);
    expect(decisions()).toEqual([]);
  });

  it.each([
    ['the connection is lost', 10, undefined],
    ['somebody leaves', 130, '\u0003'],
  ])('says that a decision may have been recorded when %s before it is answered', async (_, exit, key) => {
    const gone = (response: ServerResponse): void => void (key === undefined && response.destroy());
    answer = inbox([request()], { decided: (__, response) => gone(response) });
    const act = sitting();
    const reply = conversation(act);
    await reply(choice, 'd');
    await reply('Reason: ', 'no');
    await vi.waitFor(() => expect(decisions()).toHaveLength(1));
    if (key !== undefined) act.stdin.write(key);
    expect(await act.exit).toBe(exit);
    expect(act.err()).toContain('it may have been recorded');
    expect(act.err()).toContain(`acta approvals show ${approval_id}`);
  });

  it('leaves on a signal, too, and on the end of what is typed', async () => {
    answer = inbox([request()]);
    const signalled = sitting();
    await vi.waitFor(() => expect(signalled.err()).toContain(choice));
    signalled.signals.emit('SIGINT');
    expect(await signalled.exit).toBe(130);
    const ended = sitting();
    await vi.waitFor(() => expect(ended.err()).toContain(choice));
    ended.stdin.write('\u0004');
    expect(await ended.exit).toBe(0);
    expect(decisions()).toEqual([]);
  });
});

describe('the inbox off a terminal', () => {
  it.each([[['approve']], [['approve', '--no-input']], [['approve', '--json']]])(
    'lists what waits and ends with 7: %j',
    async (argv) => {
      answer = inbox([request()]);
      const { exit, out } = await played(argv, { env: env(), screen: argv.includes('--no-input') });
      expect(exit).toBe(7);
      expect(out).toContain(approval_id);
      expect(decisions()).toEqual([]);
    },
  );

  it('ends with 0 where nothing waits', async () => {
    answer = inbox([]);
    expect(await played(['approve'], { env: env() })).toMatchObject({ exit: 0, out: '' });
    expect(await played(['approve', '--json'], { env: env() })).toMatchObject({ exit: 0, out: '{\n  "data": []\n}\n' });
  });

  it('gives programs every member as the server said it, over all pages', async () => {
    const pages = [
      { data: [request({ id: 'b', expires_at: '2026-11-23T00:00:00.000Z' })], page: { next: 'more' } },
      { data: [request({ id: 'a' })], page: { next: null } },
    ];
    answer = ({ query }, response) => json(response, pages[query['cursor'] === 'more' ? 1 : 0]);
    const { out } = await played(['approve', '--json'], { env: env() });
    expect(JSON.parse(out)).toEqual({ data: [pages[1]?.data[0], pages[0]?.data[0]] });
    expect(server.asked.map(({ query }) => query['status'])).toEqual(['open', 'open']);
  });

  it('says that nobody answers', async () => {
    const { exit } = await played(['approve'], { env: { ACTA_URL: 'http://127.0.0.1:9' } });
    expect(exit).toBe(10);
  });
});

describe('acta approvals decide', () => {
  const line = [
    'approvals',
    'decide',
    approval_id,
    '--decision',
    'approve',
    '--action-digest',
    digest,
    '--reason',
    'r',
  ];

  it('sends the revision it is given, a key of its own, and the digest', async () => {
    answer = inbox([]);
    expect(await played([...line, '--if-match', '3'], { env: env() })).toMatchObject({ exit: 0 });
    expect(decisions()).toMatchObject([
      {
        headers: { 'if-match': '"3"', 'idempotency-key': expect.stringMatching(/^[0-9a-f-]{36}$/) },
        body: { decision: 'approve', reason: 'r', action_digest: digest },
      },
    ]);
  });

  it.each([
    ['action_changed', 409, 5],
    ['approval_closed', 409, 5],
    ['revision_conflict', 412, 5],
    ['four_eyes', 403, 4],
    ['role_missing', 403, 4],
    ['if_match_required', 428, 2],
    ['not_found', 404, 3],
  ])('ends a refusal for %s with its exit code', async (code, status, exit) => {
    answer = inbox([], { decided: (_, response) => problem(response, status, code) });
    expect(await played(line, { env: env() })).toMatchObject({ exit, out: '' });
  });
});
