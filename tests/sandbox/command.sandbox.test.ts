import { mkdtemp, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { commandSandbox } from '../../src/adapters/sandbox/command.sandbox.ts';
import { bubblewrap, isInstalled, namespaces } from '../../src/adapters/sandbox/command.walls.ts';
import type { CommandRun } from '../../src/ports.ts';

let workspace: string;
let outside: string;
beforeEach(async () => {
  outside = await mkdtemp(path.join(tmpdir(), 'acta-command-'));
  workspace = path.join(outside, 'workspace');
  await mkdir(workspace);
  await writeFile(path.join(outside, 'canary'), 'canary-7141');
});
afterEach(() => rm(outside, { recursive: true, force: true }));

const attempts = await Promise.all(
  [bubblewrap, namespaces].map(async (walls) => ({ walls, attempt: await commandSandbox([walls]) })),
);

for (const { walls, attempt } of attempts)
  describe.skipIf(attempt.sandbox === undefined)(`commands behind ${walls.name} ${attempt.reason ?? ''}`, () => {
    const run = (command: string, args: readonly string[], more: Partial<CommandRun> = {}, signal?: AbortSignal) =>
      attempt.sandbox!.run(
        { command, args, workspace, writable: true, timeout_ms: 15_000, output_bytes_max: 65_536, ...more },
        signal ?? new AbortController().signal,
      );

    it('says what the command said and how it ended', async () => {
      expect(await run('sh', ['-c', 'echo out; echo err >&2; exit 3'])).toEqual({
        ok: true,
        exit: 3,
        stdout: 'out\n',
        stderr: 'err\n',
        truncated: false,
      });
    });

    it('hands arguments over as they are: no shell reads them', async () => {
      const args = ['$(id)', '; touch /workspace/x', '--', "'", '`id`', 'a\nb'];
      const ran = await run('printf', ['%s|', ...args]);
      expect(ran).toMatchObject({ ok: true, stdout: args.map((arg) => `${arg}|`).join('') });
    });

    it('writes to the workspace where that is asked for, and nowhere else', async () => {
      await run('sh', ['-c', 'echo kept > /workspace/a; echo x > /usr/acta-x; echo x > /acta-x']);
      expect(await readFile(path.join(workspace, 'a'), 'utf8')).toBe('kept\n');
      expect(await run('ls', ['/usr/acta-x', '/acta-x'])).toMatchObject({ stdout: '' });
      expect(await run('sh', ['-c', 'echo more >> a'], { writable: false })).toMatchObject({ ok: true, exit: 2 });
      expect(await readFile(path.join(workspace, 'a'), 'utf8')).toBe('kept\n');
    });

    it('sees nothing of ours: no files, no links to them, no environment, no processes', async () => {
      await symlink(path.join(outside, 'canary'), path.join(workspace, 'link'));
      process.env.ACTA_CANARY = 'canary-7141';
      const look = `cat link /workspace/../canary ${outside}/canary /etc/passwd; cat /proc/*/environ; env; ls /proc`;
      const ran = await run('sh', ['-c', look]);
      delete process.env.ACTA_CANARY;
      expect(ran).toMatchObject({ ok: true });
      const said = ran.ok ? ran.stdout : '';
      expect(said).not.toContain('canary-7141');
      expect(said).not.toContain('root:x');
      expect(said).toContain('HOME=/tmp');
      expect(said.split('\n').filter((line) => /^\d+$/.test(line)).length).toBeLessThan(6);
    });

    it('reaches no network, not even ours', async () => {
      let connections = 0;
      const server = createServer(() => (connections += 1)).listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as { port: number };
      const program = `const s=require('net').connect(${port},'127.0.0.1',()=>console.log('connected'));s.on('error',e=>console.log(e.code))`;
      const ran = isInstalled('node')
        ? await run('node', ['-e', program])
        : await run('bash', ['-c', `echo > /dev/tcp/127.0.0.1/${port} && echo connected`]);
      server.close();
      expect(ran).toMatchObject({ ok: true });
      expect(ran.ok && ran.stdout).not.toContain('connected\n');
      expect(connections).toBe(0);
    });

    it('has no capabilities, gains none, and cannot undo its walls', async () => {
      const tries =
        'grep Cap /proc/self/status; grep NoNewPrivs /proc/self/status; mount -o remount,rw /usr; umount /proc';
      const ran = await run('sh', ['-c', `${tries}; echo x > /proc/sys/kernel/hostname; unshare -U id; echo tried`]);
      const said = ran.ok ? ran.stdout : '';
      expect(said.match(/Cap\w+:\t0{16}/g)).toHaveLength(5);
      expect(said).toContain('NoNewPrivs:\t1');
      expect(said).not.toContain('uid=');
      expect(said).toContain('tried');
    });

    it('leaves nobody behind, whoever hid in the background', async () => {
      const hide = '(setsid nohup sh -c "sleep 30; echo late > /workspace/late" >/dev/null 2>&1 &) ; echo gone';
      expect(await run('sh', ['-c', hide])).toMatchObject({ ok: true, stdout: 'gone\n' });
      const hang = '(setsid sleep 31 &); sleep 31';
      expect(await run('sh', ['-c', hang], { timeout_ms: 300 })).toMatchObject({ ok: false, fault: 'timeout' });
      // The pipes of a survivor would still be open: that both calls came back says that there is none.
    });

    it('is stopped when it is wanted no more', async () => {
      const stop = new AbortController();
      const ran = run('sleep', ['30'], {}, stop.signal);
      stop.abort();
      expect(await ran).toMatchObject({ ok: false, fault: 'timeout', message: 'sleep was stopped' });
    });

    it('cuts what is said too much, and says so', async () => {
      const ran = await run('head', ['-c', '5000000', '/dev/zero'], { output_bytes_max: 1000 });
      expect(ran).toMatchObject({ ok: true, exit: 0, truncated: true });
      expect(ran.ok && ran.stdout.length).toBe(1000);
    });

    it('holds limits on files and memory', async () => {
      const limits = await run('sh', [
        '-c',
        'ulimit -n; ulimit -d; ulimit -c; head -c 300000000 /dev/zero > big; echo $?',
      ]);
      expect(limits).toMatchObject({ ok: true });
      const [files, kilobytes, core, exit] = (limits.ok ? limits.stdout : '').split('\n');
      expect([files, kilobytes, core]).toEqual(['256', '2097152', '0']);
      expect(exit).not.toBe('0');
      const full = await run('sh', ['-c', 'head -c 100000000 /dev/zero > /tmp/big || echo full']);
      expect(full).toMatchObject({ ok: true, stdout: 'full\n' });
    });

    it.skipIf(process.getuid?.() === 0)('holds a limit on processes, which the kernel does not for root', async () => {
      const crowd = 'i=0; while [ $i -lt 200 ]; do sleep 5 & i=$((i+1)); done; echo all';
      const crowded = await run('sh', ['-c', crowd]);
      expect(crowded).toMatchObject({ ok: true, stdout: '' });
    });

    it('refuses what is no plain command, and says what is not there', async () => {
      for (const command of ['/bin/ls', '../ls', '-x', 'a b', ''])
        expect(await run(command, [])).toMatchObject({ ok: false, fault: 'failed' });
      expect(await run('ls', ['a\0b'])).toMatchObject({ ok: false, fault: 'failed' });
      expect(await run('no-such-command', [])).toMatchObject({ ok: false, fault: 'not_found' });
      expect(await run('ls', [], { workspace: path.join(outside, 'none') })).toMatchObject({
        ok: false,
        fault: 'failed',
      });
      expect(await run('ls', [], { workspace: path.join(outside, 'canary') })).toMatchObject({
        ok: false,
        fault: 'failed',
      });
    });
  });

describe('a sandbox for commands', () => {
  it('is not there where no walls can be built, and says why', async () => {
    const broken = { name: 'broken', build: () => ({ program: '/bin/false', args: [] }) };
    const missing = { name: 'missing', build: () => ({ program: 'no-such-program', args: [] }) };
    const attempt = await commandSandbox([broken, missing]);
    expect(attempt.sandbox).toBeUndefined();
    expect(attempt.reason).toMatch(/broken: the sandbox was not built.*missing: .*ENOENT/);
  });

  it('takes the first that works', async ({ skip }) => {
    const first = attempts.find(({ attempt }) => attempt.sandbox !== undefined);
    skip(first === undefined, 'this machine builds no sandbox');
    expect((await commandSandbox()).sandbox?.name).toBe(first?.walls.name);
  });
});
