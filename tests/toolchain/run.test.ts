import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const repository = path.resolve(import.meta.dirname, '../..');
const platformPackage = `node-${process.platform}-${process.arch}`;

/** Stands in for npm: notes that it ran, and installs what the lock file of the test says. */
const fakeNpm = `
import { appendFileSync, cpSync, existsSync, mkdirSync, rmSync } from 'node:fs';
appendFileSync('npm.calls', process.argv.slice(2).join(' ') + '\\n');
if (existsSync('offline')) { console.error('npm error code ENOTFOUND'); process.exit(1); }
rmSync('node_modules', { recursive: true, force: true });
mkdirSync('node_modules');
if (existsSync('packages')) cpSync('packages', 'node_modules', { recursive: true, verbatimSymlinks: true });
cpSync('package-lock.json', 'node_modules/.package-lock.json');
`;

describe('one command on a fresh clone', () => {
  let root = '';
  const write = async (file: string, text: string): Promise<void> => {
    await mkdir(path.dirname(path.join(root, file)), { recursive: true });
    await writeFile(path.join(root, file), text);
  };
  /** A package that brings a Node, of a version that is older or newer than what is asked for. */
  const writeNode = async (version: string): Promise<void> => {
    const described = { version, os: process.platform, cpu: process.arch, bin: { node: 'bin/node' } };
    await write(`packages/${platformPackage}/package.json`, JSON.stringify(described));
    await mkdir(path.join(root, 'packages', platformPackage, 'bin'), { recursive: true });
    await symlink(process.execPath, path.join(root, 'packages', platformPackage, 'bin/node'));
  };
  const needs = (major: number): Promise<void> =>
    write(
      'package.json',
      JSON.stringify({
        type: 'module',
        engines: { node: `>=${major}` },
        optionalDependencies: { [platformPackage]: '1' },
      }),
    );

  beforeEach(async () => {
    root = await mkdtemp(path.join(tmpdir(), 'acta-run-'));
    await cp(path.join(repository, 'scripts'), path.join(root, 'scripts'), { recursive: true });
    await needs(1);
    await write(
      'package-lock.json',
      JSON.stringify({ packages: { '': {}, 'node_modules/a': { version: '1.0.0', integrity: 'x' } } }),
    );
    await write('npm-cli.js', fakeNpm);
    await write(
      'src/say.mjs',
      'console.log(process.argv.slice(2).join(" "), process.env.NODE_COMPILE_CACHE !== undefined); process.exitCode = 7;',
    );
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  const start = (...args: readonly string[]): ReturnType<typeof spawn> => {
    const { NODE_COMPILE_CACHE: _, ...env } = process.env;
    return spawn(process.execPath, [path.join(root, 'scripts/run.mjs'), ...args], {
      cwd: root,
      env: { ...env, npm_execpath: path.join(root, 'npm-cli.js'), npm_node_execpath: process.execPath },
    });
  };
  const run = async (...args: readonly string[]): Promise<{ code: unknown; stdout: string; stderr: string }> => {
    const child = start(...args);
    let stdout = '';
    let stderr = '';
    child.stdout?.on('data', (chunk) => (stdout += String(chunk)));
    child.stderr?.on('data', (chunk) => (stderr += String(chunk)));
    const [code] = (await once(child, 'close')) as unknown[];
    return { code, stdout, stderr };
  };
  const installations = async (): Promise<number> =>
    existsSync(path.join(root, 'npm.calls'))
      ? (await readFile(path.join(root, 'npm.calls'), 'utf8')).split('\n').length - 1
      : 0;

  it('installs once, runs the program, and ends as it ends', async () => {
    const first = await run('src/say.mjs', 'hello', 'two words');
    expect(first).toMatchObject({ code: 7, stdout: 'hello two words true\n' });
    expect(first.stderr).toContain('first start');
    expect(await readFile(path.join(root, 'npm.calls'), 'utf8')).toBe(
      'ci --ignore-scripts --prefer-offline --include=optional\n',
    );
    expect(await run('src/say.mjs')).toMatchObject({ code: 7, stderr: '' });
    expect(await installations()).toBe(1);
  });

  it('installs again when the lock file changed, and not when npm ci was run by hand', async () => {
    await run('src/say.mjs');
    await write(
      'package-lock.json',
      JSON.stringify({ packages: { '': {}, 'node_modules/a': { version: '2.0.0', integrity: 'y' } } }),
    );
    expect((await run('src/say.mjs')).stderr).toContain('the lock file changed');
    expect(await installations()).toBe(2);
    await rm(path.join(root, 'node_modules/.acta-lock-hash'));
    expect(await run('src/say.mjs')).toMatchObject({ code: 7, stderr: '' });
    expect(await installations()).toBe(2);
  });

  it('asks for the development packages only where they are needed', async () => {
    const packages = {
      '': {},
      'node_modules/a': { version: '1', integrity: 'x' },
      'node_modules/t': { version: '1', integrity: 'x', dev: true },
    };
    await write('package-lock.json', JSON.stringify({ packages }));
    const { 'node_modules/t': _, ...product } = packages;
    await write('node_modules/.package-lock.json', JSON.stringify({ packages: product }));
    expect(await run('src/say.mjs')).toMatchObject({ code: 7, stderr: '' });
    await write('checks/say.mjs', '');
    expect(await run('checks/say.mjs')).toMatchObject({ code: 0 });
    expect(await readFile(path.join(root, 'npm.calls'), 'utf8')).toContain('--include=dev');
  });

  it('installs once for two who start at the same time', async () => {
    const both = await Promise.all([run('src/say.mjs', 'a'), run('src/say.mjs', 'b')]);
    expect(both.map(({ code }) => code)).toEqual([7, 7]);
    expect(await installations()).toBe(1);
  });

  it('takes over from an installation that died', async () => {
    const dead = spawn(process.execPath, ['-e', '0']);
    await once(dead, 'close');
    await write('.acta-install.lock', String(dead.pid));
    expect(await run('src/say.mjs')).toMatchObject({ code: 7 });
    expect(existsSync(path.join(root, '.acta-install.lock'))).toBe(false);
  });

  it('says what to do when no registry can be reached', async () => {
    await write('offline', '');
    const { code, stderr } = await run('src/say.mjs');
    expect(code).toBe(69);
    expect(stderr).toContain('no package registry can be reached');
    expect(existsSync(path.join(root, '.acta-install.lock'))).toBe(false);
  });

  it('goes on with the pinned Node when its own is too old, and hands signals on', async () => {
    await needs(99);
    await writeNode('99.1.0');
    await write(
      'src/wait.mjs',
      "process.on('SIGTERM', () => process.exit(33)); setInterval(() => {}, 1000); console.log('ready');",
    );
    expect(await run('src/say.mjs', 'x')).toMatchObject({ code: 7, stdout: 'x true\n' });
    const child = start('src/wait.mjs');
    await once(child.stdout!, 'data');
    child.kill('SIGTERM');
    expect(await once(child, 'close')).toEqual([33, null]);
  });

  it('says what to do when the pinned Node was left out, or is too old itself', async () => {
    await needs(99);
    const absent = await run('src/say.mjs');
    expect(absent.code).toBe(69);
    expect(absent.stderr).toContain('npm ci --include=optional');
    await writeNode('98.0.0');
    await rm(path.join(root, 'node_modules'), { recursive: true });
    expect((await run('src/say.mjs')).stderr).toContain(`${platformPackage} is 98.0.0`);
  });

  it('says so when there is no such program', async () => {
    expect(await run('src/none.mjs')).toMatchObject({
      code: 69,
      stderr: expect.stringContaining('there is no src/none.mjs'),
    });
  });
});
