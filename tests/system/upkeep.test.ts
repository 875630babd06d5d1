import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ask, askFresh, dataFolder, startHere } from '../support/acta.ts';

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
};

let url: string;
beforeAll(async () => {
  ({ url } = await startHere(await dataFolder(afterAll), {}, afterAll));
});

const asked = async (type: string) => (await askFresh(url, `/events?type=${type}&direction=forward`)).body.data;

describe('whoever looks after read models', () => {
  it('is on the record with what was asked, and with the rebuild itself', async () => {
    const begun = await ask(url, '/projections/turns/rebuild', { body: {} });
    expect(begun.status).toBe(202);
    expect(begun.body).toMatchObject({ target: 'turns', requested_by: 'user:local' });
    const [event] = await asked('RebuildRequested');
    expect(event).toMatchObject({ actor: 'user:local' });
    const { body } = await ask(url, `/events/${event.id}`);
    expect(body.event.data).toEqual({ projection: 'turns', swap: 'auto' });
    await vi.waitFor(
      async () => expect((await ask(url, `/operations/${begun.body.operation_id}`)).body.status).toBe('succeeded'),
      { timeout: 20_000, interval: 100 },
    );
    const { body: listed } = await ask(url, '/operations');
    expect(listed.data[0]).toMatchObject({ operation_id: begun.body.operation_id, status: 'succeeded' });
    const late = await ask(url, `/operations/${begun.body.operation_id}`, { method: 'DELETE' });
    expect(late.body.code).toBe('operation_ended');
    expect(await asked('RebuildCancelRequested')).toEqual([]);
  });

  it('leaves a skipped event behind with a name', async () => {
    expect((await ask(url, '/projections/turns/parked/7/skip', { body: {} })).body).toEqual({
      skipped: 0,
      folded: 0,
      parked: 0,
    });
    expect(await asked('ParkedSkipRequested')).toMatchObject([{ actor: 'user:local' }]);
  });

  it('records nothing of a read model that is not there', async () => {
    const before = (await asked('RebuildRequested')).length;
    const refused = await ask(url, '/projections/nowhere/rebuild', { body: {} });
    expect(refused.body).toMatchObject({ status: 404, code: 'not_found' });
    expect(await asked('RebuildRequested')).toHaveLength(before);
  });
});

it('an answer never claims a position beyond what it shows', async () => {
  const { body: agent } = await ask(url, '/agents', { body: { name: 'Ada' } });
  const path = `/agents/${agent.agent_id}`;
  for (let n = 0; n < 30; n += 1) {
    const { headers } = await ask(url, path, { method: 'PATCH', body: { description: `${n}` } });
    const written = BigInt(headers.get('acta-position') ?? '0');
    for (;;) {
      const read = await ask(url, path);
      if (BigInt(read.headers.get('acta-position') ?? '0') < written) continue;
      expect(read.body.description).toBe(`${n}`);
      break;
    }
  }
});

describe('a process that cannot go on', () => {
  it('is seen, with the reason, until a version comes that can', async () => {
    const port = await freePort();
    const node = await startHere(await dataFolder(), { ACTA_LOG_PORT: String(port) });
    const { body: session } = await ask(node.url, '/sessions', { body: {} });
    const stream = `session-${session.session_id}`;
    const client = EventStoreDBClient.connectionString(`esdb://127.0.0.1:${port}?tls=false`);
    await client.appendToStream(stream, jsonEvent({ type: 'FromTheFuture', data: {} }));
    await client.dispose();

    const refused = await ask(node.url, `/sessions/${session.session_id}/turns`, { body: { message: 'hello' } });
    expect(refused.body.code).toBe('unreadable_stream');
    await vi.waitFor(
      async () => {
        const found = await ask(node.url, '/processes');
        expect(found.body.data[0]).toMatchObject({
          stream,
          kind: 'session',
          state: 'due',
          fault: expect.stringMatching(/^unreadable: /),
        });
      },
      { timeout: 20_000, interval: 100 },
    );
  });
});
