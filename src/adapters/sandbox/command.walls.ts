import { existsSync, lstatSync, readlinkSync, statSync } from 'node:fs';
import path from 'node:path';
import type { CommandRun } from '../../ports.ts';
import {
  commandFileBytesMax,
  commandFilesOpenMax,
  commandMemoryBytesMax,
  commandProcessesMax,
  privateBytesMax,
} from './limits.ts';

/** A way to build a sandbox: the program that builds it and its arguments, up to where the command begins. */
export interface Walls {
  readonly name: string;
  readonly build: (run: Pick<CommandRun, 'workspace' | 'writable' | 'timeout_ms'>) => {
    readonly program: string;
    readonly args: readonly string[];
  };
}

/** All a command finds in its environment. */
export const environment = { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: '/tmp', LANG: 'C.UTF-8' };
const msPerSecond = 1_000;

/**
 * Limits on each process, then a sign on descriptor 3 that the walls stand: what ends without it was never run. The text
 * is fixed; the command comes as arguments of its own.
 */
const limited = (timeout_ms: number): readonly string[] => [
  '/usr/bin/prlimit',
  `--cpu=${Math.ceil(timeout_ms / msPerSecond) + 1}`,
  `--data=${commandMemoryBytesMax}`,
  `--fsize=${commandFileBytesMax}`,
  `--nofile=${commandFilesOpenMax}`,
  `--nproc=${commandProcessesMax}`,
  '--core=0',
  '--',
  '/bin/sh',
  '-c',
  'echo stands >&3; exec 3>&-; exec "$@"',
  'sh',
];

const isFolder = (name: string): boolean => statSync(name, { throwIfNoEntry: false })?.isDirectory() ?? false;

/** `/bin` and its like are links into `/usr` on one system, folders on another. */
const systemFolders = (): readonly string[] =>
  ['bin', 'sbin', 'lib', 'lib32', 'lib64'].flatMap((name) => {
    const stat = lstatSync(`/${name}`, { throwIfNoEntry: false });
    if (stat?.isSymbolicLink() === true) return ['--symlink', readlinkSync(`/${name}`), `/${name}`];
    return stat === undefined ? [] : ['--ro-bind', `/${name}`, `/${name}`];
  });

/**
 * bubblewrap: every namespace of its own, no capabilities, no new privileges, no further user namespaces, `/usr` read-only,
 * and nothing of ours but the workspace.
 */
export const bubblewrap: Walls = {
  name: 'bubblewrap',
  build: ({ workspace, writable, timeout_ms }) => ({
    program: 'bwrap',
    args: [
      ...['--unshare-all', '--unshare-user', '--disable-userns', '--die-with-parent', '--new-session', '--clearenv'],
      ...Object.entries(environment).flatMap(([name, value]) => ['--setenv', name, value]),
      ...['--uid', '65534', '--gid', '65534', '--cap-drop', 'ALL', '--hostname', 'sandbox'],
      ...['--ro-bind', '/usr', '/usr', ...systemFolders()],
      ...['--ro-bind-try', '/etc/alternatives', '/etc/alternatives', '--proc', '/proc', '--dev', '/dev'],
      ...['--size', String(privateBytesMax), '--tmpfs', '/tmp'],
      ...[writable ? '--bind' : '--ro-bind', workspace, '/workspace', '--chdir', '/workspace', '--remount-ro', '/'],
      ...['--', ...limited(timeout_ms)],
    ],
  }),
};

/** Builds what bubblewrap builds with mount(8). What `/proc` lets its owner change is covered, for root outside owns it. */
const script = `set -eu
root=$1 workspace=$2 mode=$3 size=$4
shift 4
mount -t tmpfs -o "size=$size,mode=755,nosuid,nodev" none "$root"
cd "$root"
mkdir usr proc dev tmp workspace etc .old
shown() { mkdir -p "$1"; mount --bind "/$1" "$1"; mount -o remount,bind,ro,nosuid "$1"; }
shown usr
for name in bin sbin lib lib32 lib64; do
  if [ -L "/$name" ]; then ln -s "$(readlink "/$name")" "$name"; elif [ -d "/$name" ]; then shown "$name"; fi
done
if [ -d /etc/alternatives ]; then shown etc/alternatives; fi
for name in null zero full random urandom; do : > "dev/$name"; mount --bind "/dev/$name" "dev/$name"; done
ln -s /proc/self/fd dev/fd
mount -t proc -o nosuid,nodev,noexec none proc
echo 0 > proc/sys/user/max_user_namespaces
for name in sys sysrq-trigger irq bus fs; do
  if [ -e "proc/$name" ]; then
    mount --bind "proc/$name" "proc/$name"
    mount -o remount,bind,ro,nosuid,nodev,noexec "proc/$name"
  fi
done
mount --bind "$workspace" workspace
if [ "$mode" = ro ]; then mount -o remount,bind,ro,nosuid,nodev workspace; fi
mount -t tmpfs -o "size=$size,mode=1777,nosuid,nodev" none tmp
hostname sandbox
PATH=/usr/sbin:/sbin:$PATH pivot_root . .old
umount -l /.old
rmdir /.old
mount -o remount,ro,nosuid,nodev /
cd /workspace
exec "$@"
`;

/** A folder to mount the new root on, which must not hide the workspace. */
const emptyRoot = (workspace: string): string =>
  ['/mnt', '/srv', '/media', '/tmp'].find(
    (folder) => isFolder(folder) && path.relative(folder, workspace).startsWith('..'),
  ) ?? '/mnt';

/**
 * `unshare` of util-linux, where there is no bubblewrap: the same view, by the same system calls. The command is uid 0 in
 * a user namespace in which that is whoever runs Acta, without capabilities.
 */
export const namespaces: Walls = {
  name: 'unshare',
  build: ({ workspace, writable, timeout_ms }) => ({
    program: 'unshare',
    args: [
      ...['--user', '--map-root-user', '--net', '--pid', '--mount', '--ipc', '--uts', '--fork', '--kill-child=SIGKILL'],
      ...['--', '/bin/sh', '-c', script, 'sh', emptyRoot(workspace), workspace, writable ? 'rw' : 'ro'],
      ...[String(privateBytesMax), 'setpriv', '--bounding-set=-all', '--inh-caps=-all', '--no-new-privs', '--'],
      ...limited(timeout_ms),
    ],
  }),
};

/** Whether a command of this name is where a sandbox will look for it. */
export const isInstalled = (command: string): boolean =>
  environment.PATH.split(':').some((folder) => existsSync(path.join(folder, command)));
