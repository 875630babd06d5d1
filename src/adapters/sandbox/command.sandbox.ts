import { realpath, stat } from 'node:fs/promises';
import type { CommandRan, CommandRun, CommandSandbox } from '../../ports.ts';
import { ended } from './command.process.ts';
import { bubblewrap, environment, isInstalled, namespaces, type Walls } from './command.walls.ts';
import { argsBytesMax, argsMax } from './limits.ts';
import { inWords } from './script.engine.ts';
import type { Attempt } from './script.sandbox.ts';

const commandName = /^[a-z0-9][a-z0-9._+-]{0,63}$/i;
const reasonCharsMax = 300;
const probeMsMax = 10_000;

const failed = (message: string): CommandRan => ({ ok: false, fault: 'failed', message });

/** Why a run is not begun at all. */
const refusal = ({ command, args }: CommandRun): CommandRan | undefined => {
  if (!commandName.test(command)) return failed('a command is a plain name, without a path');
  if (args.length > argsMax) return failed(`a command takes at most ${argsMax} arguments`);
  if (args.some((arg) => arg.includes('\0'))) return failed('an argument holds a zero byte');
  if (Buffer.byteLength(args.join(' ')) > argsBytesMax) return failed(`the arguments are beyond ${argsBytesMax} bytes`);
  return isInstalled(command) ? undefined : { ok: false, fault: 'not_found', message: `there is no ${command} here` };
};

const sandboxOf = (walls: Walls): CommandSandbox => ({
  name: walls.name,
  run: async (run, signal) => {
    const refused = refusal(run);
    if (refused !== undefined) return refused;
    try {
      const workspace = await realpath(run.workspace);
      if (!(await stat(workspace)).isDirectory()) return failed('the workspace is no folder');
      const { program, args } = walls.build({ ...run, workspace });
      const limits = { ...run, env: environment };
      const { stood, exit, stopped, stdout, stderr, truncated } = await ended(
        program,
        [...args, run.command, ...run.args],
        limits,
        signal,
      );
      if (stopped === 'timeout')
        return { ok: false, fault: 'timeout', message: `${run.command} took longer than ${run.timeout_ms} ms` };
      if (stopped === 'aborted') return { ok: false, fault: 'timeout', message: `${run.command} was stopped` };
      if (!stood) return failed(`the sandbox was not built: ${stderr.slice(0, reasonCharsMax).trim()}`);
      return { ok: true, exit: exit ?? 1, stdout, stderr, truncated };
    } catch (error) {
      return failed(inWords(error));
    }
  },
});

/**
 * Runs commands behind the walls of the operating system: bubblewrap, else `unshare`, whichever really ran a command when
 * tried. A command sees `/usr` and its workspace (at `/workspace`), a private `/tmp` of 64 MiB, no network, no process but
 * its own, and of the environment PATH, HOME and LANG. When it ends, or its time does, nothing it started is left.
 *
 * It does not isolate from faults of the kernel, whose calls are not filtered, and holds no shares of processor or disk:
 * a command may use every core until its time is over, each of its processes 2 GiB of memory, and fill the disk its
 * workspace lies on with files of 256 MiB. Whatever sockets lie in the workspace can be spoken to. Where Acta is run by
 * root the kernel does not count processes either (elsewhere, at most 128): then only time ends a fork bomb.
 */
export const commandSandbox = async (tiers: readonly Walls[] = tiersHere): Promise<Attempt<CommandSandbox>> => {
  if (tiers !== tiersHere) return await tried(tiers);
  const attempt = await (standing ??= tried(tiersHere));
  // What could not be built may be built after something was installed; what could be stands as long as the process.
  if (attempt.sandbox === undefined) standing = undefined;
  return attempt;
};

const tiersHere: readonly Walls[] = [bubblewrap, namespaces];
let standing: Promise<Attempt<CommandSandbox>> | undefined;

const tried = async (tiers: readonly Walls[]): Promise<Attempt<CommandSandbox>> => {
  const reasons: string[] = [];
  if (process.platform !== 'linux') return { sandbox: undefined, reason: 'commands run in a sandbox on Linux only' };
  for (const walls of tiers) {
    const sandbox = sandboxOf(walls);
    const probe = {
      command: 'echo',
      args: ['stands'],
      workspace: '/usr',
      writable: false,
      timeout_ms: probeMsMax,
      output_bytes_max: 1024,
    };
    const ran = await sandbox.run(probe, new AbortController().signal);
    if (ran.ok && ran.exit === 0 && ran.stdout === 'stands\n') return { sandbox };
    reasons.push(`${walls.name}: ${ran.ok ? `the trial ended with ${ran.exit}` : ran.message}`);
  }
  return { sandbox: undefined, reason: `no sandbox for commands can be built here (${reasons.join('; ')})` };
};
