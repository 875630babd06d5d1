import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { CrashPoint } from '../../src/crash-points.ts';
import { databases } from '../support/databases.ts';

const program = new URL('./crash.program.ts', import.meta.url).pathname;

/** How the program ended: what it said, or the signal that killed it. */
const outcome = (args: readonly string[], crash?: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const env = { ...process.env, ...(crash !== undefined && { ACTA_CRASH_AT: crash }) };
    execFile(process.execPath, [program, ...args], { env }, (error, said, complaint) => {
      if (error === null) resolve(said.trim());
      else if (error.signal) resolve(error.signal);
      else reject(new Error(complaint));
    });
  });

/** The version that is started, and where it is killed. Rebuilds happen where the version is raised. */
const lives: readonly (readonly [version: number, crash?: `${CrashPoint}:${number}`])[] = [
  [1, 'projection.after_commit:1'],
  [2, 'projection.before_commit:1'],
  [2, 'rebuild.before_swap:1'],
  [2, 'rebuild.in_swap:1'],
  [2, 'rebuild.after_swap:1'],
  [2],
];

describe.each(await databases())('a process that folds into $name', ({ name, open }) => {
  it('may be killed anywhere: what is served is always the fold of the log', { timeout: 120_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'acta-crash-'));
    const fresh = name === 'PGlite' ? undefined : await open();
    const url = fresh?.options.url ?? '';
    for (const [life, [version, crash]] of lives.entries()) {
      const ended = await outcome([folder, url, String(version), String(life * 100)], crash);
      expect([crash, ended]).toEqual([crash, crash === undefined ? 'whole' : 'SIGKILL']);
    }
    await fresh?.discard();
    rmSync(folder, { recursive: true, force: true });
  });
});
