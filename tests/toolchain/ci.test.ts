import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const repository = path.resolve(import.meta.dirname, '../..');

describe('the run of all checks', () => {
  let root = '';
  beforeEach(async () => {
    root = await mkdtemp(path.join(tmpdir(), 'acta-ci-'));
    await mkdir(path.join(root, '.ci'));
    await copyFile(path.join(repository, '.ci/run'), path.join(root, '.ci/run'));
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  const run = async (
    stages: string,
    ...names: readonly string[]
  ): Promise<{ code: number; lines: readonly string[] }> => {
    await writeFile(path.join(root, '.ci/stages'), stages);
    return new Promise((resolve) => {
      execFile('bash', [path.join(root, '.ci/run'), ...names], (error, stdout) => {
        resolve({ code: Number(error?.code ?? 0), lines: stdout.trimEnd().split('\n') });
      });
    });
  };

  it('adds up what the stages say of themselves, and counts the silent ones as one', async () => {
    const { code, lines } = await run(
      [
        '# a comment',
        "vitest | 9 | printf '      Tests  \\e[32m12 passed\\e[39m | 2 skipped (14)\\n'",
        "campaign | 9 | echo '300 passed, 0 failed'",
        'silent | 9 | true',
      ].join('\n'),
    );
    expect(lines.at(-1)).toBe('313 passed, 0 failed, 2 skipped');
    expect(code).toBe(0);
  });

  it('goes on after a failure, counts it, and fails', async () => {
    const { code, lines } = await run(
      [
        "broken | 9 | echo ' Tests  no tests'; exit 3",
        "one | 9 | echo ' Tests  1 failed | 4 passed (5)'; exit 1",
        'last | 9 | true',
      ].join('\n'),
    );
    expect(lines.at(-1)).toBe('5 passed, 2 failed');
    expect(code).toBe(1);
  });

  it('ends a stage that takes too long', async () => {
    const { code, lines } = await run('endless | 1 | while :; do :; done');
    expect(lines.at(-1)).toBe('0 passed, 1 failed');
    expect(lines).toContain('endless took longer than 1 s');
    expect(code).toBe(1);
  });

  it('runs only the stages it is asked for, and knows no others', async () => {
    const stages = 'one | 9 | true\ntwo | 9 | false';
    expect((await run(stages, 'one')).lines.at(-1)).toBe('1 passed, 0 failed');
    const unknown = await run(stages, 'three');
    expect(unknown.code).toBe(1);
    expect(unknown.lines.at(-2)).toBe('no such stage: three; there are: one two ');
  });
});
