import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openEmbeddedLog } from '../../src/adapters/embedded-log/event-log.ts';
import { ask, askFresh, dataFolder, startHere, startInVain } from '../support/acta.ts';
import { serverPrograms, temporaryServer } from '../support/postgres.server.ts';

it('a node whose read models are on a server that is away does not start, and says why', async () => {
  const { exit, said } = await startInVain(await dataFolder(), { DATABASE_URL: 'postgres://acta:x@127.0.0.1:1/acta' });
  expect(exit).toBe(1);
  expect(said).toMatch(/acta cannot start: .*ECONNREFUSED 127.0.0.1:1/);
}, 60_000);

describe('a node whose log is a server', () => {
  it('starts while the log is away, reads, says that it is not ready, and goes on once the log is there', async () => {
    const folder = await dataFolder();
    const elsewhere = join(folder, 'elsewhere');
    const before = await openEmbeddedLog({ folder: elsewhere, front_port: 0 });
    const port = before.front_port ?? 0;
    await before.close();
    const node = await startHere(folder, { EVENTSTORE_URL: `esdb://127.0.0.1:${port}?tls=false` });
    const { url } = node;
    expect(node.recovered).toBeUndefined();
    const ready = await ask(url, '/ready');
    expect([ready.status, JSON.stringify(ready.body)]).toEqual([503, expect.stringContaining('log')]);
    expect(await ask(url, '/sessions')).toMatchObject({ status: 200, body: { data: [] } });
    const refused = await ask(url, '/agents', { body: { name: 'Nobody' } });
    expect(refused).toMatchObject({ status: 503, body: { code: 'log_unavailable', retryable: true } });

    const server = await openEmbeddedLog({ folder: elsewhere, front_port: port });
    const turn = async () => (await ask(url, '/chat', { body: { message: 'hello' } })).body.status;
    await expect.poll(turn, { timeout: 30_000 }).toBe('completed');
    await expect.poll(async () => (await ask(url, '/ready')).status, { timeout: 20_000 }).toBe(200);
    await node.stop(1_000);
    await server.close();
  }, 60_000);

  it('answers over the wire, refuses commands while the log is away, goes on reading, and comes back by itself', async () => {
    const folder = await dataFolder();
    const elsewhere = join(folder, 'elsewhere');
    let server = await openEmbeddedLog({ folder: elsewhere, front_port: 0 });
    const port = server.front_port ?? 0;
    const node = await startHere(folder, { EVENTSTORE_URL: `esdb://127.0.0.1:${port}?tls=false` });
    const { url } = node;
    const said = await ask(url, '/chat', { body: { message: 'hello' } });
    expect(said.body.status).toBe('completed');
    expect((await askFresh(url, '/sessions')).body.data).toHaveLength(1);

    await server.close();
    const refused = await ask(url, '/agents', { body: { name: 'Nobody' } });
    expect(refused).toMatchObject({ status: 503, body: { code: 'log_unavailable', retryable: true } });
    expect((await ask(url, '/sessions')).body.data).toHaveLength(1);
    expect((await ask(url, '/ready')).status).toBe(503);

    server = await openEmbeddedLog({ folder: elsewhere, front_port: port });
    const again = async (): Promise<number> => (await ask(url, '/chat', { body: { message: 'hello' } })).status;
    await expect.poll(again, { timeout: 20_000 }).toBe(200);
    await node.stop(1_000);
    await server.close();
  }, 60_000);
});

const programs = serverPrograms();

describe.skipIf(programs === undefined)('a node whose read models are on a server', () => {
  it('goes on recording while the server is away, says so to those who ask, and catches up by itself', async () => {
    const folder = await dataFolder();
    const server = await temporaryServer(programs ?? '');
    const node = await startHere(folder, { DATABASE_URL: server.url });
    const { url } = node;
    await ask(url, '/chat', { body: { message: 'hello' } });
    expect((await askFresh(url, '/sessions')).body.data).toHaveLength(1);

    await server.kill();
    expect(await ask(url, '/sessions')).toMatchObject({ status: 503, body: { code: 'read_model_unavailable' } });
    expect((await ask(url, '/health')).status).toBe(503);
    const meanwhile = await ask(url, '/chat', { body: { message: 'still there?' } });
    expect(meanwhile.body.status).toBe('completed');

    await server.start();
    const sessions = async (): Promise<number> => (await ask(url, '/sessions')).body.data?.length ?? 0;
    await expect.poll(sessions, { timeout: 20_000 }).toBe(2);
    await node.stop(1_000);
    await server.stop();
  }, 60_000);
});
