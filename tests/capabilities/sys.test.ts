import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { inflateRawSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sysCapabilities, type SysSettings } from '../../src/adapters/capabilities/sys/sys.capabilities.ts';
import { commandSandbox } from '../../src/adapters/sandbox/command.sandbox.ts';
import type { Invoked } from '../../src/ports.ts';

const { sandbox } = await commandSandbox();
let workspace: string;
beforeEach(async () => {
  workspace = await mkdtemp(path.join(tmpdir(), 'acta-sys-'));
});
afterEach(() => rm(workspace, { recursive: true, force: true }));

const told = { key: 'k', tenant: 't', principal: 'agent:a', signal: new AbortController().signal };
const emit = () => Promise.reject(new Error('nothing is kept'));
const found = (id: string, more: Partial<SysSettings> = {}) => {
  const env = { HOME: '/home/a', SECRET: 'x' };
  const settings = { clock: { now: () => 1_700_000_000_123 }, env, sandbox, workspace, ...more };
  return sysCapabilities(settings).find(({ spec }) => spec.capability_id === id)!;
};
const call = (id: string, args: unknown, more?: Partial<SysSettings>): Promise<Invoked> =>
  found(id, more).invoke({ ...told, args, emit });

describe('sys.info', () => {
  it('says what the machine is', async () => {
    const answer = await call('sys.info.get_os', {});
    expect(answer).toMatchObject({ ok: true, result: { platform: process.platform, arch: process.arch } });
  });

  it('says the time in three ways', async () => {
    const times = ['iso8601', 'unix', 'rfc3339'].map((format) => call('sys.info.get_time', { format }));
    expect((await Promise.all(times)).map((answer) => answer.ok && answer.result)).toEqual([
      { format: 'iso8601', time: '2023-11-14T22:13:20.123Z' },
      { format: 'unix', time: 1_700_000_000 },
      { format: 'rfc3339', time: '2023-11-14T22:13:20+00:00' },
    ]);
  });

  it('reads the variables everybody may know, and no other', async () => {
    expect(await call('sys.info.get_env_var', { name: 'HOME' })).toMatchObject({ result: { value: '/home/a' } });
    expect(await call('sys.info.get_env_var', { name: 'EDITOR' })).toMatchObject({ result: { value: null } });
    for (const name of ['SECRET', 'home', '__proto__', 'NODE_OPTIONS'])
      expect(await call('sys.info.get_env_var', { name })).toMatchObject({ fault: 'invalid_arguments' });
  });
});

describe('sys.exec.run', () => {
  it('is critical, and nothing that may be done twice', () => {
    expect(found('sys.exec.run').spec).toMatchObject({ effect_class: 'unkeyed', risk: { level: 'critical' } });
  });

  it.skipIf(sandbox === undefined)('runs what is allowed, in the workspace', async () => {
    await writeFile(path.join(workspace, 'a.txt'), 'one\ntwo\n');
    expect(await call('sys.exec.run', { command: 'cat', args: ['a.txt'] })).toEqual({
      ok: true,
      result: { exit: 0, stdout: 'one\ntwo\n', stderr: '', truncated: false },
    });
    expect(await call('sys.exec.run', { command: 'echo', args: ['$HOME; id'] })).toMatchObject({
      result: { stdout: '$HOME; id\n' },
    });
  });

  it.skipIf(sandbox === undefined)('says a failure is one', async () => {
    const failed = { ok: false, fault: 'failed', happened: 'unknown', retryable: false };
    expect(await call('sys.exec.run', { command: 'cat', args: ['none'] })).toMatchObject(failed);
  });

  it.each(['sh', 'bash', '/bin/ls', 'ls -la', 'curl', 'env', ''])('refuses %j', async (command) => {
    expect(await call('sys.exec.run', { command })).toMatchObject({ fault: 'invalid_arguments', happened: 'no' });
  });

  it('is disabled without a sandbox, and never run bare', async () => {
    const none = { sandbox: undefined, reason: 'no namespaces here' };
    expect(found('sys.exec.run', none).unavailable).toBe('no namespaces here');
    const answer = await call('sys.exec.run', { command: 'echo', args: ['x'] }, none);
    expect(answer).toMatchObject({ ok: false, fault: 'disabled', happened: 'no' });
  });
});

describe('sys.archive.zip', () => {
  const zip = (sources: readonly string[], destination = 'out.zip') =>
    call('sys.archive.zip', { sources, destination });
  const python = `import sys,zipfile;z=zipfile.ZipFile(sys.argv[1]);print(z.testzip(),[(i.filename,z.read(i).decode()[:9]) for i in z.infolist()])`;

  it('makes an archive that others can read', async () => {
    await mkdir(path.join(workspace, 'd', 'ü'), { recursive: true });
    await writeFile(path.join(workspace, 'd', 'ü', 'long.txt'), 'a'.repeat(10_000));
    await writeFile(path.join(workspace, 'd', 'short.txt'), 'x');
    await writeFile(path.join(workspace, 'd', 'empty'), '');
    const answer = await zip(['d']);
    expect(answer).toMatchObject({ ok: true, result: { entries: 3, destination: 'out.zip' } });
    const archive = await readFile(path.join(workspace, 'out.zip'));
    expect(archive.length).toBeLessThan(1_000);
    const at = archive.indexOf('d/ü/long.txt') + Buffer.byteLength('d/ü/long.txt');
    expect(inflateRawSync(archive.subarray(at)).toString()).toBe('a'.repeat(10_000));
    let read: string | undefined;
    try {
      read = execFileSync('python3', ['-c', python, path.join(workspace, 'out.zip')], { encoding: 'utf8' });
    } catch {
      read = undefined;
    }
    if (read !== undefined)
      expect(read.trim()).toBe("None [('d/empty', ''), ('d/short.txt', 'x'), ('d/ü/long.txt', 'aaaaaaaaa')]");
  });

  it('makes the same archive again, and overwrites nothing else', async () => {
    await writeFile(path.join(workspace, 'a'), 'one');
    const first = await zip(['a']);
    expect(await zip(['a'])).toEqual(first);
    await writeFile(path.join(workspace, 'a'), 'two');
    expect(await zip(['a'])).toMatchObject({ fault: 'already_exists', happened: 'no' });
  });

  it('is undone by deleting what it made, unless somebody changed it', async () => {
    await writeFile(path.join(workspace, 'a'), 'one');
    const made = await zip(['a']);
    const undo = () => found('sys.archive.zip').undo!(made.ok ? made.undo : null, { ...told, args: {}, emit });
    expect(await undo()).toMatchObject({ ok: true, result: { deleted: true } });
    expect(await readdir(workspace)).toEqual(['a']);
    expect(await undo()).toMatchObject({ ok: true, result: { deleted: false } });
    await writeFile(path.join(workspace, 'out.zip'), 'mine');
    expect(await undo()).toMatchObject({ ok: false, fault: 'failed' });
    expect(await readFile(path.join(workspace, 'out.zip'), 'utf8')).toBe('mine');
  });

  it('follows no link', async () => {
    await symlink('/etc/passwd', path.join(workspace, 'link'));
    await symlink('/etc', path.join(workspace, 'folder'));
    for (const source of ['link', 'folder', 'folder/passwd']) expect(await zip([source])).toMatchObject({ ok: false });
    await mkdir(path.join(workspace, 'd'));
    await symlink('/etc/passwd', path.join(workspace, 'd', 'inner'));
    expect(await zip(['d'])).toMatchObject({ ok: false, fault: 'permission_denied' });
    await writeFile(path.join(workspace, 'a'), 'x');
    expect(await zip(['a'], 'folder/out.zip')).toMatchObject({ ok: false });
  });

  it.each(['../a', '/etc/passwd', 'a/../../b', 'a//b', './a', 'a\0b', 'C:/x', 'a\\b', ''])(
    'refuses %j',
    async (source) => {
      expect(await zip([source])).toMatchObject({ fault: 'invalid_arguments' });
      expect(await zip(['a'], `${source}.zip/../x`)).toMatchObject({ fault: 'invalid_arguments' });
    },
  );

  it('says what is not there', async () => {
    expect(await zip(['none'])).toMatchObject({ fault: 'not_found', happened: 'no' });
    expect(await zip(['none/below'])).toMatchObject({ fault: 'not_found' });
  });
});
