import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { openStorage } from '../../src/adapters/embedded-log/store.ts';
import { damage } from '../embedded-log/crash.image.ts';
import { append, appended, proposal, proposals } from '../embedded-log/log.folder.ts';
import { ask, dataFolder, startHere } from '../support/acta.ts';

const main = new URL('../../src/main.ts', import.meta.url).pathname;

/** A server in a process of its own, and everything it says. */
const serving = async (folder: string) => {
  const child = spawn(process.execPath, [main, 'serve', '--data', folder, '--port', '0'], {
    env: { ...process.env, LLM_PROVIDER: 'scripted' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const heard = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name].on('data', (text: Buffer) => (heard[name] += text.toString()));
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  await vi.waitFor(() => expect(heard.stdout).toContain('Ready'), { timeout: 60_000, interval: 50 });
  const { url } = JSON.parse(readFileSync(join(folder, 'server.json'), 'utf8')) as { readonly url: string };
  return { url, heard, ended, pid: child.pid ?? 0 };
};

/** One event that is not verified when the log opens, for so many came after it. */
const outOfSight = async (folder: string, marker: string): Promise<void> => {
  const store = openStorage(join(folder, 'log'));
  await appended(append(store, '$marked', 'no_stream', [proposal('Marked', { marker })]));
  for (let n = 0; n < 11; n += 1) await appended(append(store, '$filling', 'any', proposals(10_000)));
  await store.close();
};

it('damage that is found while it serves makes a node read-only, and it says so (F33)', async () => {
  const folder = await dataFolder();
  const first = await startHere(folder);
  await ask(first.url, '/chat', { body: { message: 'hello' } });
  await first.stop(1_000);
  const marker = 'this will be changed on the disk';
  await outOfSight(folder, marker);
  damage(join(folder, 'log', 'log.sqlite'), marker);

  const { url, heard } = await serving(folder);
  const ready = async () => {
    const { status, body } = await ask(url, '/ready');
    return [status, JSON.stringify(body)];
  };
  await expect
    .poll(ready, { timeout: 20_000 })
    .toEqual([503, expect.stringMatching(/nothing is recorded any more: event \d+ is not what was recorded/)]);
  expect(await ask(url, '/agents', { body: { name: 'Nobody' } })).toMatchObject({
    status: 500,
    body: { code: 'log_corrupt' },
  });
  expect(await ask(url, '/sessions')).toMatchObject({ status: 200, body: { data: [{}] } });
  expect(heard.stdout + heard.stderr).toContain('log_corrupt');
}, 120_000);

const canLimit = spawnSync('prlimit', ['--version']).status === 0;

it.skipIf(!canLimit)(
  'a disk that fails ends the process, which says why (F36)',
  async () => {
    const folder = await dataFolder();
    const { url, heard, ended, pid } = await serving(folder);
    // Beyond this size every write fails with EFBIG, which is no "disk full" to SQLite.
    spawnSync('prlimit', ['--pid', String(pid), '--fsize=1024']);
    const refused = await ask(url, '/agents', { body: { name: 'Unknown' } }).catch(() => undefined);
    if (refused !== undefined) expect(refused).toMatchObject({ status: 503, body: { code: 'log_unavailable' } });
    expect(await ended).toBe(1);
    expect(heard.stderr).toMatch(/acta ends: the log failed and must be started again: /);
    expect(heard.stdout + heard.stderr).toContain('log_failed');
  },
  120_000,
);

it('a node that is asked to stop closes its log, and nobody takes that for a failure', async () => {
  const { heard, ended, pid } = await serving(await dataFolder());
  process.kill(pid, 'SIGTERM');
  expect(await ended).toBe(0);
  expect(heard.stderr).not.toContain('acta ends');
  expect(heard.stdout + heard.stderr).not.toContain('log_failed');
}, 120_000);
