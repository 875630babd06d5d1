import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openEmbeddedLog } from '../../src/adapters/embedded-log/event-log.ts';
import { ask, dataFolder, startHere } from '../support/acta.ts';

/** A node on a log that is a server, after three turns; and how to put the log back to where it was after the first. */
const restorable = async () => {
  const folder = await dataFolder();
  const [elsewhere, copy] = [join(folder, 'elsewhere'), join(folder, 'copy')];
  let server = await openEmbeddedLog({ folder: elsewhere, front_port: 0 });
  const front_port = server.front_port ?? 0;
  const env = { EVENTSTORE_URL: `esdb://127.0.0.1:${front_port}?tls=false` };
  const turn = async (url: string) => (await ask(url, '/chat', { body: { message: 'hello' } })).body.status;
  const node = await startHere(folder, env);
  const back = async (): Promise<void> => {
    server = await openEmbeddedLog({ folder: elsewhere, front_port });
  };
  const away = () => server.close();

  expect(await turn(node.url)).toBe('completed');
  await away();
  cpSync(elsewhere, copy, { recursive: true });
  await back();
  for (const _ of [2, 3]) await expect.poll(() => turn(node.url), { timeout: 20_000 }).toBe('completed');
  // The checkpoint of the processes is saved once a second.
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  expect(await turn(node.url)).toBe('completed');
  const restore = async (): Promise<void> => {
    await away();
    rmSync(elsewhere, { recursive: true });
    cpSync(copy, elsewhere, { recursive: true });
    await back();
  };
  return { folder, env, node, restore, away };
};

const rolledBack = [503, expect.stringMatching(/the log ends at \d+, and was followed up to \d+: events are gone/)];
const ready = async (url: string) => {
  const { status, body } = await ask(url, '/ready');
  return [status, JSON.stringify(body)];
};

it('a log that was put back to an older state is said to be so by the node that starts on it (F27)', async () => {
  const { folder, env, node, restore, away } = await restorable();
  await node.stop(1_000);
  await restore();
  const again = await startHere(folder, env);
  await expect.poll(() => ready(again.url), { timeout: 20_000 }).toEqual(rolledBack);
  await again.stop(1_000);
  await away();
}, 90_000);

it('and by the node that followed it meanwhile (F27)', async () => {
  const { node, restore, away } = await restorable();
  await restore();
  await expect.poll(() => ready(node.url), { timeout: 30_000 }).toEqual(rolledBack);
  await node.stop(1_000);
  await away();
}, 90_000);
