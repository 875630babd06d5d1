import { expect, it } from 'vitest';
import { ask, askFresh, dataFolder, startHere } from '../support/acta.ts';

it('a full disk refuses commands with 507 and records nothing of them; reads go on, and so does all once there is room', async () => {
  const folder = await dataFolder();
  const node = await startHere(folder, { ACTA_LOG_BYTES_MAX: '1048576' });
  const { url } = node;
  const register = (name: string, chars: number) =>
    ask(url, '/agents', { body: { name, identity_prompt: 'x'.repeat(chars) } });
  const count = async (of: string): Promise<number> =>
    ((await askFresh(of, '/agents?limit=100')).body.data as unknown[]).length;

  let last = await register('agent 0', 30_000);
  let registered = 2;
  for (; last.status === 201 && registered < 90; registered += 1) last = await register(`agent ${registered}`, 30_000);
  expect(last).toMatchObject({ status: 507, body: { code: 'storage_full', retryable: true } });
  const ready = await ask(url, '/ready');
  expect([ready.status, JSON.stringify(ready.body)]).toEqual([503, expect.stringContaining('disk of the log is full')]);
  const before = await count(url);

  // What is small enough still finds room, and with it the node is ready again.
  expect((await register('small', 10)).status).toBe(201);
  expect((await ask(url, '/ready')).status).toBe(200);
  expect(await count(url)).toBe(before + 1);
  await node.stop(1_000);

  const roomy = await startHere(folder);
  const again = await ask(roomy.url, '/agents', { body: { name: 'large', identity_prompt: 'x'.repeat(30_000) } });
  expect(again.status).toBe(201);
  expect(await count(roomy.url)).toBe(before + 2);
}, 120_000);
