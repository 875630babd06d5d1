import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { announceServer, announcedServer, withdrawServer } from '../../src/adapters/cli/server.file.ts';
import { serverEvents, type ServerEvent } from '../../src/adapters/cli/connection/server.events.ts';
import { json, play, played, problem, standIn, type Answer } from './stage.ts';

let server: Awaited<ReturnType<typeof standIn>>;
let answer: Answer = (_, response) => json(response, { data: [] });
let folder = '';
beforeAll(async () => {
  server = await standIn((asked, response) => answer(asked, response));
  folder = await mkdtemp(path.join(tmpdir(), 'acta-cli-'));
});
afterEach(() => {
  server.asked.length = 0;
  answer = (_, response) => json(response, { data: [] });
});
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

const list = ['agents', 'list'];

describe('the key of a caller', () => {
  const keyShown = async (argv: readonly string[], env: Record<string, string>): Promise<string | undefined> => {
    await played([...list, ...argv], { folder, env: { ACTA_URL: server.url, ...env } });
    return server.asked.at(-1)?.headers.authorization;
  };
  it('comes from the environment or from a file, the flag first', async () => {
    await writeFile(path.join(folder, 'key'), 'from-file\n');
    await writeFile(path.join(folder, 'other'), 'from-other\n');
    expect(await keyShown([], {})).toBeUndefined();
    expect(await keyShown([], { ACTA_KEY: 'from-env' })).toBe('Bearer from-env');
    expect(await keyShown([], { ACTA_KEY_FILE: 'other' })).toBe('Bearer from-other');
    expect(await keyShown([], { ACTA_KEY: 'from-env', ACTA_KEY_FILE: 'other' })).toBe('Bearer from-env');
    expect(await keyShown(['--key-file', 'key'], { ACTA_KEY: 'from-env' })).toBe('Bearer from-file');
  });
  it('is never a flag, and never two lines', async () => {
    expect(await played([...list, '--key', 'x'], { env: { ACTA_URL: server.url } })).toMatchObject({ exit: 2 });
    expect(await played(list, { env: { ACTA_URL: server.url, ACTA_KEY: 'a\nb' } })).toMatchObject({ exit: 2 });
    expect(await played([...list, '--key-file', 'none'], { folder, env: { ACTA_URL: server.url } })).toMatchObject({
      exit: 2,
    });
    expect(server.asked).toEqual([]);
  });
  it('is not sent to another machine in the clear without a word', async () => {
    const env = { ACTA_KEY: 'k', ACTA_URL: 'http://acta.invalid' };
    expect(await played(list, { env })).toMatchObject({ exit: 10, err: expect.stringContaining('unencrypted') });
  });
});

describe('the server that is meant', () => {
  it('is the one of the flag, of the environment, or the one that runs on the data folder', async () => {
    announceServer(path.join(folder, '.acta'), { url: server.url, pid: process.pid });
    expect((await played(list, { folder })).exit).toBe(0);
    expect((await played(list, { folder, env: { ACTA_DATA: '.acta' } })).exit).toBe(0);
    expect((await played([...list, '--url', server.url], { env: { ACTA_URL: 'http://127.0.0.1:9' } })).exit).toBe(0);
    expect(server.asked).toHaveLength(3);
    withdrawServer(path.join(folder, '.acta'), process.pid);
    expect(announcedServer(path.join(folder, '.acta'))).toBeUndefined();
  });
  it('is not the one of a process that is gone, nor what a broken file says', async () => {
    const gone = spawn(process.execPath, ['-e', '0']);
    await once(gone, 'close');
    announceServer(folder, { url: server.url, pid: gone.pid ?? 0 });
    expect(announcedServer(folder)).toBeUndefined();
    withdrawServer(folder, process.pid);
    expect(existsSync(path.join(folder, 'server.json'))).toBe(true);
    await writeFile(path.join(folder, 'server.json'), '{"url":');
    expect(announcedServer(folder)).toBeUndefined();
  });
  it('may have a path of its own in front', async () => {
    await played([...list, '--url', `${server.url}/behind/`]);
    expect(server.asked[0]?.path).toBe('/behind/agents');
  });
  it('is said to be unreachable, with what to do', async () => {
    const gone = await standIn(() => undefined);
    await gone.close();
    const { exit, err } = await played(list, { env: { ACTA_URL: gone.url } });
    expect({ exit, err }).toEqual({
      exit: 10,
      err: `error: no server answers at ${gone.url} (ECONNREFUSED)\nhint: start one with: acta serve, or say where it is with --url or ACTA_URL\n`,
    });
  });
  it('is not waited for beyond --timeout', async () => {
    answer = () => undefined;
    const { exit, err } = await played([...list, '--timeout', '1', '--url', server.url]);
    expect({ exit, err }).toMatchObject({ exit: 124, err: expect.stringContaining('within 1 s') });
  });
  it('is left at once on Ctrl-C', async () => {
    answer = () => undefined;
    const act = play(list, { env: { ACTA_URL: server.url } });
    await vi.waitFor(() => expect(server.asked).toHaveLength(1));
    act.signals.emit('SIGINT');
    expect(await act.exit).toBe(130);
  });
  it('says of itself what runs, and whether it is ready', async () => {
    let ready = true;
    answer = ({ path: place }, response) => {
      if (place === '/version') json(response, { name: 'acta', version: '9.9.9' });
      else if (ready) json(response, { status: 'ready', checks: [] });
      else problem(response, 503, 'not_ready', { detail: 'log: out of reach' });
    };
    const env = { ACTA_URL: server.url };
    expect(JSON.parse((await played(['status', '--json'], { env })).out)).toEqual({
      url: server.url,
      ready: true,
      name: 'acta',
      version: '9.9.9',
    });
    ready = false;
    expect(await played(['status'], { env })).toMatchObject({
      exit: 1,
      out: expect.stringMatching(/ready +false/),
      err: expect.stringContaining('log: out of reach'),
    });
  });
});

describe('a stream of server-sent events', () => {
  const text =
    'retry: 5\r\n\r\n: hb\nid: 7\n\nid: 8\nevent: acta\ndata: {"a":\ndata: "ü€😀"}\n\rdata:plain\r\rid\n\nevent: unended\ndata: x';
  const read = async (cut: number): Promise<ServerEvent[]> => {
    const bytes = Buffer.from(text);
    const pieces = async function* (): AsyncGenerator<Uint8Array> {
      for (let at = 0; at < bytes.length; at += cut) yield bytes.subarray(at, at + cut);
    };
    const events: ServerEvent[] = [];
    for await (const event of serverEvents(pieces())) events.push(event);
    return events;
  };
  it('is read the same however its bytes were cut', async () => {
    const whole = await read(10_000);
    expect(whole).toEqual([
      { event: 'message', data: '', id: undefined, retry_ms: 5 },
      { event: 'message', data: '', id: '7', retry_ms: undefined },
      { event: 'acta', data: '{"a":\n"ü€😀"}', id: '8', retry_ms: undefined },
      { event: 'message', data: 'plain', id: '8', retry_ms: undefined },
      { event: 'message', data: '', id: '', retry_ms: undefined },
    ]);
    for (let cut = 1; cut < 20; cut += 1) expect(await read(cut)).toEqual(whole);
  });
});
