import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { json, play, standIn } from './stage.ts';

const root = path.resolve(import.meta.dirname, '../..');

/** Runs the command line as a process of its own, with this for its stdout. */
const started = (words: readonly string[], stdout: number | 'pipe', env: NodeJS.ProcessEnv = {}) => {
  const child = spawn(process.execPath, ['src/main.ts', ...words], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', stdout, 'pipe'],
  });
  let err = '';
  child.stderr?.on('data', (part) => (err += String(part)));
  const ended = once(child, 'close').then(([exit]: unknown[]) => ({ exit, err }));
  return { child, ended };
};

describe('a result', () => {
  it.each([[['--help']], [['serve', '--help']]])('of %j whose reader has left ends quietly', async (words) => {
    const { child, ended } = started(words, 'pipe');
    child.stdout?.destroy();
    expect(await ended).toEqual({ exit: 0, err: '' });
  });

  it.skipIf(process.platform !== 'linux')('for which there is no space is a failure', async () => {
    const server = await standIn((_, response) => json(response, { data: [] }));
    const full = await open('/dev/full', 'w');
    for (const words of [['agents', 'list', '--json'], ['--help']]) {
      const { exit, err } = await started(words, full.fd, { ACTA_URL: server.url }).ended;
      expect([exit, err]).toEqual([1, expect.stringMatching(/^error: the result could not be written: ENOSPC.*\n$/)]);
    }
    await full.close();
    await server.close();
  });

  it('that breaks after its end was written is heard of', async () => {
    const act = play(['--version']);
    act.stdout.destroy(Object.assign(new Error('the disk is gone'), { code: 'EIO' }));
    expect([await act.exit, act.err()]).toEqual([1, 'error: the result could not be written: the disk is gone\n']);
  });
});
