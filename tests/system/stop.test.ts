import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ask, dataFolder, startHere, startServer } from '../support/acta.ts';

type Line = Readonly<Record<string, unknown>>;

/** A reply that takes a while: ten pieces, with a pause before each but the first. */
const slow = {
  rules: [],
  otherwise: { text: 'one two three four five six seven eight nine ten', chunks: 10, chunk_delay_ms: 150 },
};

describe('a server that is told to stop', () => {
  it('takes nobody new, gives the answer that is waited for, and stops each part before what it stands on (N8)', async () => {
    const folder = await dataFolder();
    const script = join(folder, 'slow.json');
    await writeFile(script, JSON.stringify(slow));
    const server = await startServer(folder, { ACTA_SCRIPT: script, ACTA_LOG_LEVEL: 'info' });
    const { url } = server;
    const { session_id } = (await ask(url, '/sessions', { body: {} })).body;
    const answered = ask(url, `/sessions/${session_id}/turns`, { body: { message: 'count', wait: true } });
    const types = async (): Promise<readonly string[]> =>
      (await ask(url, `/streams/session-${session_id}/events`)).body.data.map(({ type }: { type: string }) => type);
    await expect.poll(types, { timeout: 20_000 }).toContain('ModelCalled');

    server.signal('SIGTERM');
    const refused = (): Promise<unknown> =>
      ask(url, '/version').then(
        ({ status }) => status,
        () => 'nobody answers',
      );
    await expect.poll(refused, { timeout: 10_000 }).toBe('nobody answers');
    expect(await answered).toMatchObject({ status: 200, body: { status: 'completed', response: slow.otherwise.text } });
    expect(await server.ended).toBe(0);

    const lines = server
      .said()
      .trim()
      .split('\n')
      .map((line): Line => JSON.parse(line));
    const ending = lines.slice(lines.findIndex(({ event }) => event === 'node_stopping'));
    const stopped = ending.filter(({ event }) => event === 'part_stopped').map(({ part }) => part);
    expect(stopped).toEqual(['http', 'processes', 'gate', 'memory', 'read_models', 'log', 'database']);
    expect(ending.at(-1)).toMatchObject({ event: 'node_stopped' });
    expect(ending.filter(({ level }) => level !== 'info')).toEqual([]);
  }, 60_000);

  it('tells whoever still waits when the grace is over that the turn goes on, and a restart ends it', async () => {
    const folder = await dataFolder();
    const script = join(folder, 'endless.json');
    const otherwise = { text: 'at last', chunks: 2, chunk_delay_ms: 60_000 };
    await writeFile(script, JSON.stringify({ rules: [], otherwise }));
    const node = await startHere(folder, { ACTA_SCRIPT: script });
    const { session_id } = (await ask(node.url, '/sessions', { body: {} })).body;
    const answered = ask(node.url, `/sessions/${session_id}/turns`, { body: { message: 'well?', wait: true } });
    const turns = async () => (await ask(node.url, `/sessions/${session_id}/turns`)).body.data;
    await expect.poll(turns, { timeout: 20_000 }).toHaveLength(1);
    await node.stop(100);
    const { status, body, headers } = await answered;
    expect({ status, body }).toMatchObject({ status: 202, body: { session_id, status: 'running' } });
    const again = await startHere(folder);
    const turn = async () => (await ask(again.url, headers.get('location') ?? '')).body.status;
    await expect.poll(turn, { timeout: 20_000 }).toBe('completed');
  }, 60_000);
});
