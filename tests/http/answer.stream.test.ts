import { describe, expect, it, vi } from 'vitest';
import { listen, type Listener, type Message } from './event.source.ts';
import { running, type Running } from './running.server.ts';

const say = (
  { url }: Running,
  message: string,
  headers: Readonly<Record<string, string>> = {},
  hear?: (message: Message, listener: Listener) => void,
): Promise<Listener> =>
  listen(`${url}/chat`, {
    method: 'POST',
    body: JSON.stringify({ message, stream: true }),
    headers: { 'content-type': 'application/json', ...headers },
    ...(hear === undefined ? {} : { hear }),
  });

describe('an answer in pieces', () => {
  it('tells the turn, the text as it comes, and last what the plain answer says', async () => {
    const server = await running();
    const listener = await say(server, 'hello');
    await listener.ended;
    expect(listener.messages.map(({ event }) => event)).toEqual(['turn', 'delta', 'delta', 'delta', 'done']);
    const { turn_id } = listener.messages[0]!.data;
    expect(listener.messages[0]!.id).toBe(`${String(turn_id)}:0`);
    expect(listener.messages.at(-1)?.data).toEqual({ response: 'Good day.', turn_id });
    expect(listener.headers['request-id']).toBeDefined();
  });

  it('is given to whoever accepts it, and a plain one to everybody else', async () => {
    const { ask } = await running();
    const pieces = await ask('/chat', { json: { message: 'hello' }, headers: { accept: 'text/event-stream' } });
    expect(pieces.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(await pieces.text()).toContain('event: done');
    const plain = await ask('/chat', { json: { message: 'hello' } });
    expect(await plain.json()).toMatchObject({ response: 'Good day.' });
  });

  it('that cannot begin is an ordinary refusal', async () => {
    const { ask } = await running();
    const answer = await ask('/chat', { json: { message: 'are you paused?', stream: true } });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([
      409,
      'application/problem+json; charset=utf-8',
    ]);
  });

  it('that breaks in the middle ends with a problem', async () => {
    const server = await running();
    const listener = await say(server, 'break');
    await listener.ended;
    expect(listener.messages.map(({ event }) => event)).toEqual(['turn', 'problem']);
    expect(listener.messages.at(-1)?.data).toMatchObject({
      code: 'internal',
      status: 500,
      request_id: listener.headers['request-id'],
    });
    expect(JSON.stringify(listener.messages)).not.toContain('canary');
  });

  it('that is refused in the middle ends with the document of a plain refusal', async () => {
    const server = await running();
    const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    const listener = await say(server, 'refuse', { traceparent });
    await listener.ended;
    const [turn, last] = listener.messages;
    expect([last?.event, last?.id]).toEqual(['problem', turn?.id?.replace(':0', ':1')]);
    expect(last?.data).toEqual({
      type: '/problems/agent_paused',
      title: expect.any(String),
      status: 409,
      detail: 'paused meanwhile',
      instance: '/chat',
      code: 'agent_paused',
      request_id: listener.headers['request-id'],
      trace_id: 'a'.repeat(32),
      retryable: expect.any(Boolean),
      session_id: 'session-1',
    });
  });

  it('goes on when its listener leaves, and is kept for whoever asks again with the same key', async () => {
    const server = await running();
    const headers = { 'idempotency-key': 'turn-1' };
    const gone = await say(server, 'wait', headers, ({ event }, { cut }) => {
      if (event === 'delta') cut();
    });
    await gone.ended;
    const meanwhile = await server.ask('/chat', { json: { message: 'wait', stream: true }, headers });
    expect(meanwhile.status).toBe(409);
    server.world.latch.open();
    await vi.waitFor(() => expect(server.world.done).toEqual(['chat wait']));
    const again = await say(server, 'wait', headers);
    await again.ended;
    expect(again.headers['idempotency-replayed']).toBe('true');
    expect(again.messages.map(({ event, data }) => [event, data['response']])).toEqual([['done', 'Good day.']]);
    expect(server.world.done).toEqual(['chat wait']);
  });

  it('may finish within the grace of a stop', async () => {
    const server = await running();
    const listener = await say(server, 'wait');
    await vi.waitFor(() => expect(listener.messages).toHaveLength(4));
    const stopped = server.server.close(30_000);
    server.world.latch.open();
    await listener.ended;
    expect(listener.messages.at(-1)?.event).toBe('done');
    await stopped;
  });

  it('says why when the grace is over', async () => {
    const server = await running();
    const listener = await say(server, 'wait');
    await vi.waitFor(() => expect(listener.messages).toHaveLength(4));
    await server.server.close(20);
    await listener.ended;
    expect(listener.messages.at(-1)).toMatchObject({ event: 'problem', data: { code: 'shutting_down' } });
  });
});
