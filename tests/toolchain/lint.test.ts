import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const repository = path.resolve(import.meta.dirname, '../..');

/** One violation a line, each with the rule that must object to it. */
const planted: readonly (readonly [line: string, rule: string])[] = [
  ["import { randomUUID } from 'node:crypto';", 'no-restricted-imports'],
  ['export const now = (): number => Date.now();', 'no-restricted-properties'],
  ['export const luck = (): number => Math.random();', 'no-restricted-properties'],
  ["export const home = (): unknown => process.env['HOME'];", 'no-process-env'],
  ["export const say = (): void => console.log('hello');", 'no-console'],
  ['export const id = (): string => randomUUID() as any;', 'no-explicit-any'],
  ['export const forget = (work: () => Promise<void>): void => { work(); };', 'no-floating-promises'],
  [
    'export const each = (all: number[]): void => { all.map(async (one) => { await Promise.resolve(one); }).length === 0; };',
    'no-unused-expressions',
  ],
  [
    "export const name = (of: 'a' | 'b'): number => { switch (of) { case 'a': return 1; } return 2; };",
    'switch-exhaustiveness-check',
  ],
  ['export const sure = (maybe?: string): string => maybe!;', 'no-non-null-assertion'],
  [
    'export const wait = (done: boolean, later: () => Promise<boolean>): number => (done || later() ? 1 : 2);',
    'no-misused-promises',
  ],
];
/** What only the edges may do. */
const edgeOnly = new Set(['no-restricted-imports', 'no-restricted-properties', 'no-process-env']);

describe('the linter', () => {
  let root = '';
  beforeAll(async () => {
    root = await mkdtemp(path.join(tmpdir(), 'acta-lint-'));
    await symlink(path.join(repository, 'node_modules'), path.join(root, 'node_modules'), 'dir');
    for (const file of ['.oxlintrc.json', 'tsconfig.json'])
      await copyFile(path.join(repository, file), path.join(root, file));
    const text = planted.map(([line]) => line).join('\n');
    for (const folder of ['src/domain', 'src/adapters/models']) {
      await mkdir(path.join(root, folder), { recursive: true });
      await writeFile(path.join(root, folder, 'planted.ts'), `${text}\n`);
    }
  });
  afterAll(() => rm(root, { recursive: true, force: true }));

  const complaints = (): Promise<readonly string[]> =>
    new Promise((resolve) => {
      const lint = path.join(root, 'node_modules/oxlint/bin/oxlint');
      execFile(process.execPath, [lint, '--type-aware', '--format=unix'], { cwd: root }, (_, stdout) => {
        resolve(stdout.split('\n'));
      });
    });

  it('finds every planted violation in the core, and lets the edges do what only they may', async () => {
    const found = await complaints();
    const at = (folder: string, line: number, rule: string): boolean =>
      found.some((each) => each.startsWith(`${folder}/planted.ts:${line}:`) && each.endsWith(`(${rule})]`));
    for (const [index, [line, rule]] of planted.entries()) {
      expect(at('src/domain', index + 1, rule), `${rule}: ${line}`).toBe(true);
      expect(at('src/adapters/models', index + 1, rule), `${rule} at the edge: ${line}`).toBe(!edgeOnly.has(rule));
    }
  });
});
