import { spawn } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { openEmbeddedLog } from '../../src/adapters/embedded-log/event-log.ts';
import { ask, dataFolder, startHere, startInVain } from '../support/acta.ts';

const main = new URL('../../src/main.ts', import.meta.url).pathname;

/** `acta serve` with a flag, until it says that it is ready. */
const servedWith = (folder: string, flag: string): Promise<string> => {
  const child = spawn(process.execPath, [main, 'serve', flag, '--data', folder, '--port', '0'], {
    env: { ...process.env, ACTA_LOG_LEVEL: 'silent' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  let said = '';
  return new Promise((resolve, reject) => {
    void ended.then(() => (said.includes('Ready') ? resolve(said) : reject(new Error(said))));
    child.stdout.on('data', (text: Buffer) => {
      said += text.toString();
      if (said.includes('Ready')) child.kill('SIGTERM');
    });
  });
};

it('a log whose tail is gone is refused with the way out, which is recorded when it is taken (F34)', async () => {
  const folder = await dataFolder();
  const file = join(folder, 'log', 'log.sqlite');
  await (await startHere(folder)).stop(1_000);
  copyFileSync(file, join(folder, 'older.sqlite'));
  const node = await startHere(folder);
  await ask(node.url, '/agents', { body: { name: 'Lost' } });
  await node.stop(1_000);
  copyFileSync(join(folder, 'older.sqlite'), file);

  const { exit, said } = await startInVain(folder, {});
  expect(exit).toBe(1);
  expect(said).toMatch(/were acknowledged and are gone.*`acta serve --accept-loss` \(or ACTA_ACCEPT_LOSS=true\)/);
  expect(await servedWith(folder, '--accept-loss')).toContain('recovered');

  const log = await openEmbeddedLog({ folder: join(folder, 'log') });
  onTestFinished(() => log.close());
  const types: string[] = [];
  for await (const page of log.read('$acta-log')) types.push(...page.map(({ type }) => type));
  expect(types).toEqual(['LossAccepted']);
}, 120_000);
