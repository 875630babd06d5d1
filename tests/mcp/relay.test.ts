import { PassThrough } from 'node:stream';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { relay } from '../../src/adapters/cli/mcp/relay.ts';

interface Heard {
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

const heard: Heard[] = [];
let url = '';

/** A server of the protocol, as far as its wire goes: it answers with what a message's parameters say. */
const server = createServer((request, response) => {
  void text(request).then((body) => {
    heard.push({ headers: request.headers, body });
    const { id, params } = JSON.parse(body);
    const answer = JSON.stringify({ jsonrpc: '2.0', id, result: params?.result ?? {} });
    switch (params?.as) {
      case 'stream':
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        return response.end(`data: {"jsonrpc":"2.0","method":"notifications/progress"}\n\ndata: ${answer}\n\n`);
      case 'problem':
        response.writeHead(401, { 'content-type': 'application/problem+json' });
        return response.end('{"code":"unauthenticated","detail":"no valid key came with the request"}');
      case 'nothing':
        return response.writeHead(202).end();
      case 'never':
        return undefined;
      default:
        response.writeHead(200, { 'content-type': 'application/json' });
        return response.end(answer);
    }
  });
});

beforeAll(async () => {
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

/** A client at its end of the pipes. */
const client = (closing_ms = 60_000) => {
  heard.length = 0;
  const stdin = new PassThrough();
  const stdout = new PassThrough();
  const warned: string[] = [];
  const ended = new AbortController();
  const warn = (line: string): void => void warned.push(line);
  const done = relay({ url, key: 'a-key', stdin, stdout, warn, signal: ended.signal, closing_ms });
  const lines: string[] = [];
  let rest = '';
  stdout.on('data', (bytes: Buffer) => {
    const parts = (rest + bytes.toString()).split('\n');
    rest = parts.pop() ?? '';
    lines.push(...parts);
    stdout.emit('lines');
  });
  const heardBack = async (count: number): Promise<readonly unknown[]> => {
    while (lines.length < count) await new Promise((resolve) => stdout.once('lines', resolve));
    return lines.map((line) => JSON.parse(line));
  };
  const say = (...messages: readonly object[]): void => {
    for (const message of messages) stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  };
  return { stdin, say, heardBack, warned, done, lines };
};

describe('acta mcp', () => {
  it('carries a message there and its answer back, with the key', async () => {
    const { say, heardBack, stdin, done } = client();
    say({ id: 1, method: 'tools/list', params: { result: { tools: [] } } });
    expect(await heardBack(1)).toEqual([{ jsonrpc: '2.0', id: 1, result: { tools: [] } }]);
    expect(heard[0]?.headers).toMatchObject({ authorization: 'Bearer a-key' });
    stdin.end();
    await done;
  });

  it('takes for a line what a line feed ends, and nothing longer than any message', async () => {
    const { stdin, say, heardBack, done } = client();
    const text = 'two\u2028lines\u2029of\u0085one';
    say({ id: 1, method: 'ping', params: { result: { text } } });
    expect(await heardBack(1)).toEqual([{ jsonrpc: '2.0', id: 1, result: { text } }]);
    stdin.write(`{"filler":"${'x'.repeat(5_000_000)}"}\n`);
    expect((await heardBack(2))[1]).toMatchObject({ id: null, error: { code: -32_700 } });
    const bytes = Buffer.from('{"jsonrpc":"2.0","id":3,"method":"ping","params":{"result":{"text":"é"}}}\r\n');
    for (const byte of bytes) stdin.write(Buffer.of(byte));
    expect((await heardBack(3))[2]).toEqual({ jsonrpc: '2.0', id: 3, result: { text: 'é' } });
    stdin.end('{"jsonrpc":"2.0","id":4,"method":"ping"}');
    expect((await heardBack(4))[3]).toMatchObject({ id: 4 });
    await done;
  });

  it('goes on in the revision that was agreed on', async () => {
    const { say, heardBack, stdin, done } = client();
    say({ id: 1, method: 'initialize', params: { result: { protocolVersion: '2025-11-25' } } });
    await heardBack(1);
    say({ id: 2, method: 'ping' });
    await heardBack(2);
    expect(heard[1]?.headers).toMatchObject({ 'mcp-protocol-version': '2025-11-25' });
    stdin.end();
    await done;
  });

  it('repeats in headers what a message of the newer era says of itself', async () => {
    const { say, heardBack, stdin, done } = client();
    const meta = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' };
    say({ id: 1, method: 'tools/call', params: { name: 'status', _meta: meta } });
    await heardBack(1);
    expect(heard[0]?.headers).toMatchObject({
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'tools/call',
      'mcp-name': 'status',
    });
    say({ id: 2, method: 'tools/call', params: { name: 'status\u2028', _meta: meta } });
    expect((await heardBack(2))[1]).toMatchObject({ id: 2, error: { code: -32_602 } });
    expect(heard).toHaveLength(1);
    stdin.end();
    await done;
  });

  it('tells what comes piece by piece, one message a line', async () => {
    const { say, heardBack, stdin, done } = client();
    say({ id: 'a', method: 'tools/call', params: { as: 'stream' } });
    expect(await heardBack(2)).toEqual([
      { jsonrpc: '2.0', method: 'notifications/progress' },
      { jsonrpc: '2.0', id: 'a', result: {} },
    ]);
    stdin.end();
    await done;
  });

  it('says a refusal of the server in the words of the protocol', async () => {
    const { say, heardBack, stdin, done } = client();
    say({ id: 7, method: 'tools/list', params: { as: 'problem' } });
    const message = 'unauthenticated: no valid key came with the request';
    expect(await heardBack(1)).toMatchObject([{ id: 7, error: { code: -32_603, message } }]);
    stdin.end();
    await done;
  });

  it('answers what is no message, and goes on', async () => {
    const { stdin, say, heardBack, done } = client();
    stdin.write('this is not JSON\n\n');
    say({ id: 1, method: 'ping' });
    expect(await heardBack(2)).toMatchObject([
      { id: null, error: { code: -32_700 } },
      { id: 1, result: {} },
    ]);
    stdin.end();
    await done;
  });

  it('calls off what its client calls off, and says nothing more of it', async () => {
    const { say, heardBack, stdin, done, lines } = client();
    say({ id: 1, method: 'tools/call', params: { as: 'never' } });
    say({ method: 'notifications/cancelled', params: { requestId: 1 } });
    say({ id: 2, method: 'ping' });
    expect(await heardBack(1)).toMatchObject([{ id: 2 }]);
    stdin.end();
    await done;
    expect(lines).toHaveLength(1);
  });

  it('answers what was asked last by a client that only reads on', async () => {
    const { say, stdin, done, lines } = client();
    say({ id: 1, method: 'tools/list' });
    stdin.end();
    await done;
    expect(lines).toHaveLength(1);
  });

  it('ends with its client, whatever is still under way', async () => {
    const { say, stdin, done, lines } = client(0);
    say({ id: 1, method: 'tools/call', params: { as: 'never' } });
    stdin.end();
    await done;
    expect(lines).toEqual([]);
  });
});
