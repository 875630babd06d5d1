import { describe, expect, it } from 'vitest';
import { ask, dataFolder, startHere, type Reply } from '../support/acta.ts';
import { serverPrograms, temporaryServer } from '../support/postgres.server.ts';

const programs = serverPrograms();

/** An agent with a turn under way that takes its time; its answer is still to come. */
const atWork = async (url: string) => {
  const { agent_id } = (await ask(url, '/agents', { body: { name: 'Somebody' } })).body;
  const { session_id } = (await ask(url, '/sessions', { body: { agent_id } })).body;
  const turn = { body: { message: 'take your time', wait: true } };
  const answer: Promise<Reply> = ask(url, `/sessions/${session_id}/turns`, turn);
  const types = async (): Promise<readonly string[]> =>
    (await ask(url, `/streams/session-${session_id}/events`)).body.data.map(({ type }: { type: string }) => type);
  await expect.poll(types, { timeout: 10_000 }).toContain('ModelCalled');
  return { agent_id, answer };
};

describe.skipIf(programs === undefined)('an agent whose read models are away', () => {
  it('is stopped and retired all the same, and the turn it was taking is canceled', async () => {
    const server = await temporaryServer(programs ?? '');
    const { url, stop } = await startHere(await dataFolder(), { DATABASE_URL: server.url });
    const [stopped, retired] = [await atWork(url), await atWork(url)];

    await server.kill();
    expect(await ask(url, `/agents/${stopped.agent_id}/stop`, { body: { reason: 'enough' } })).toMatchObject({
      status: 200,
      body: { status: 'stopped' },
    });
    expect(await ask(url, `/agents/${retired.agent_id}`, { method: 'DELETE' })).toMatchObject({
      status: 200,
      body: { status: 'retired' },
    });
    expect((await stopped.answer).body).toMatchObject({
      status: 'canceled',
      error: { message: 'the agent was stopped' },
    });
    expect((await retired.answer).body).toMatchObject({
      status: 'canceled',
      error: { message: 'the agent was retired' },
    });
    await stop(1_000);
    await server.stop();
  }, 60_000);
});

it('an agent that is retired finishes no turn', async () => {
  const { url } = await startHere(await dataFolder());
  const { agent_id, answer } = await atWork(url);
  expect((await ask(url, `/agents/${agent_id}`, { method: 'DELETE' })).status).toBe(200);
  expect((await answer).body).toMatchObject({ status: 'canceled' });
});
