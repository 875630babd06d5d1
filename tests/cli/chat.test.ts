import type { ServerResponse } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { play, played, problem, sse, standIn, type Answer } from './stage.ts';

const session_id = '0198d7a0-0000-7000-8000-000000000002';
const turn_id = '0198d7a0-0000-7000-8000-000000000004';
const done = (response: string, is_language_model = true): object => ({
  response,
  session_id,
  turn_id,
  status: 'completed',
  model: { provider: 'p', name: 'small', is_language_model, stop_reason: 'end_turn' },
  usage: { input_tokens: 12, output_tokens: 3, cache_read_tokens: 0, cache_write_tokens: 0 },
  cost: { amount: '0.01', currency: 'USD' },
});

let server: Awaited<ReturnType<typeof standIn>>;
let answer: Answer;
beforeAll(async () => {
  server = await standIn((asked, response) => answer(asked, response));
});
afterEach(() => {
  server.asked.length = 0;
});
afterAll(() => server.close());

const env = (): Record<string, string> => ({ ACTA_URL: server.url });

/** Speaks a turn in these pieces of text. */
const spoken = (response: ServerResponse, ...texts: readonly string[]): void => {
  const say = sse(response);
  say('turn', { session_id, turn_id });
  for (const text of texts) say('delta', { text });
  say('done', done(texts.join('')));
  response.end();
};

describe('a chat', () => {
  it('says one thing and writes the answer alone to stdout', async () => {
    answer = (_, response) => spoken(response, 'Hel', 'lo.');
    const { exit, out, err } = await played(['chat', 'agent-1', '-m', 'Hi', '--session', session_id], { env: env() });
    expect({ exit, out }).toEqual({ exit: 0, out: 'Hello.\n' });
    expect(err).toContain('12 + 3 tokens · 0.01 USD');
    const [asked] = server.asked;
    expect(asked).toMatchObject({ method: 'POST', path: '/chat', headers: { accept: 'text/event-stream' } });
    expect(asked?.body).toEqual({ message: 'Hi', agent_id: 'agent-1', session_id, stream: true });
    expect(asked?.headers['idempotency-key']).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('takes what is piped to it, and gives the whole turn as JSON', async () => {
    answer = (_, response) => spoken(response, 'Yes.');
    const act = play(['chat', '--json'], { env: env() });
    act.stdin.end('Is this\non the record?\n');
    expect(await act.exit).toBe(0);
    expect(JSON.parse(act.out())).toEqual(done('Yes.'));
    expect(server.asked[0]?.body).toEqual({ message: 'Is this\non the record?', stream: true });
  });

  it('has nothing to say without a message', async () => {
    expect(await played(['chat'], { env: env() })).toMatchObject({
      exit: 2,
      err: expect.stringContaining('nothing to say'),
    });
  });

  it('says when no language model has spoken', async () => {
    answer = (_, response) => {
      sse(response)('done', done('By rule.', false));
      response.end();
    };
    expect((await played(['chat', '-m', 'Hi'], { env: env() })).err).toContain('not a language model');
  });

  it('writes the whole answer once, though the model began twice', async () => {
    answer = (_, response) => {
      const say = sse(response);
      say('turn', { session_id, turn_id });
      say('delta', { text: 'Wro' });
      say('snapshot', { text: '' });
      say('delta', { text: 'Right' });
      say('done', done('Right.'));
      response.end();
    };
    expect((await played(['chat', '-m', 'Hi'], { env: env() })).out).toBe('Right.\n');
    const screen = await played(['chat', '-m', 'Hi'], { env: env(), screen: true });
    expect(screen.out).toBe('WroRight.\n');
    expect(screen.err).toContain('(from the beginning)');
  });

  it.each([
    ['before the turn', 5, (response: ServerResponse) => problem(response, 409, 'agent_paused')],
    [
      'during the turn',
      1,
      (response: ServerResponse) => {
        sse(response)('problem', { status: 502, code: 'model_failed', title: 'The model did not answer' });
        response.end();
      },
    ],
  ])('ends with the refusal that came %s', async (_, exit, refuse) => {
    answer = (__, response) => refuse(response);
    expect(await played(['chat', '-m', 'Hi'], { env: env() })).toMatchObject({ exit, out: '' });
  });

  it('names the turn that goes on when the connection is lost', async () => {
    answer = (_, response) => {
      sse(response)('turn', { session_id, turn_id });
      setImmediate(() => response.destroy());
    };
    const { exit, err } = await played(['chat', '-m', 'Hi'], { env: env() });
    expect(exit).toBe(10);
    expect(err).toContain(`acta turns show ${session_id} ${turn_id}`);
  });

  it('stops listening on Ctrl-C, and says that the turn goes on', async () => {
    answer = (_, response) => sse(response)('turn', { session_id, turn_id });
    const act = play(['chat', '-m', 'Hi'], { env: env() });
    await vi.waitFor(() => expect(server.asked).toHaveLength(1));
    act.signals.emit('SIGINT');
    expect(await act.exit).toBe(130);
    expect(act.err()).toMatch(/stopped listening|interrupted/);
  });

  it('is a conversation on a terminal: one session, refusals in passing, Ctrl-D at the end', async () => {
    let turns = 0;
    answer = ({ body }, response) => {
      turns += 1;
      if (turns === 2) problem(response, 409, 'turn_running');
      else spoken(response, `${turns}: `, (body as { message: string }).message);
    };
    const act = play(['chat', 'agent-1'], { env: env(), screen: true });
    act.stdin.write('one\r');
    await vi.waitFor(() => expect(act.out()).toContain('1: one\n'));
    act.stdin.write('two\r');
    await vi.waitFor(() => expect(act.err()).toContain('It is turn_running'));
    act.stdin.write('three\r');
    await vi.waitFor(() => expect(act.out()).toContain('3: three\n'));
    act.stdin.write('\u0004');
    expect(await act.exit).toBe(0);
    expect(server.asked.map(({ body }) => (body as { session_id?: string }).session_id)).toEqual([
      undefined,
      session_id,
      session_id,
    ]);
    expect(act.err()).toContain(`acta chat --session ${session_id}`);
  });

  it('lets a person interrupt the agent without ending the conversation', async () => {
    answer = (_, response) => sse(response)('turn', { session_id, turn_id });
    const act = play(['chat'], { env: env(), screen: true });
    act.stdin.write('think\r');
    await vi.waitFor(() => expect(server.asked).toHaveLength(1));
    act.stdin.write('\u0003');
    await vi.waitFor(() => expect(act.err()).toMatch(/stopped listening|interrupted/));
    act.stdin.write('\u0003');
    expect(await act.exit).toBe(0);
  });

  it('never lets an answer move the cursor of a screen', async () => {
    answer = (_, response) => spoken(response, 'a\u001b[2Jb\n\tc');
    const { out } = await played(['chat', '-m', 'Hi'], { env: env(), screen: true });
    expect(out).toBe('a[2Jb\n\tc\n');
  });
});
