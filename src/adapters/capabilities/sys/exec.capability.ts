import { z } from 'zod';
import type { Capability, CommandSandbox } from '../../../ports.ts';
import { capability } from '../define.ts';
import { failure } from '../failure.ts';

/** Requirements W81. `git`, `python`, `node`, `npm` and `find` run whatever program they are given. */
const commands = [
  ...['ls', 'cat', 'echo', 'pwd', 'whoami', 'git', 'python', 'node', 'npm', 'grep', 'find', 'wc', 'head', 'tail'],
] as const;
const argsMax = 100;
const argCharsMax = 8_192;
const timeoutMsMax = 30_000;
const startMsMax = 5_000;
const outputBytesMax = 32 * 1024;

export interface ExecSettings {
  readonly sandbox: CommandSandbox | undefined;
  readonly reason?: string | undefined;
  /** The folder a command sees, and writes to. */
  readonly workspace: string;
}

/** Where there is `python3` and no `python`, as on Debian, the one is meant by the other. */
const alias = new Map([['python', 'python3']]);

/** `sys.exec.run`: one of a few commands, behind the walls of the operating system. Without walls it is disabled. */
export const execCapability = ({ sandbox, reason, workspace }: ExecSettings): Capability =>
  capability({
    capability_id: 'sys.exec.run',
    name: 'Run a command',
    description:
      `Runs one of ${commands.join(', ')} in the workspace, without a shell, without network, for at most 30 seconds. ` +
      'git, python, node, npm and find run any program they are given: the sandbox, not this list, is what holds them.',
    operation: 'execute',
    risk: { level: 'critical', justification: 'runs any program, and what it does to the workspace is not undone' },
    side_effects: { reversible: false, scope: 'local', description: 'anything within the workspace' },
    effect_class: 'unkeyed',
    timeout_ms: timeoutMsMax + startMsMax,
    tags: ['sys', 'exec'],
    parameters: z.strictObject({
      command: z.enum(commands),
      args: z
        .array(
          z
            .string()
            .max(argCharsMax)
            .refine((arg) => !arg.includes('\0'), 'no zero bytes'),
        )
        .max(argsMax)
        .optional(),
    }),
    result: z.strictObject({ exit: z.int(), stdout: z.string(), stderr: z.string(), truncated: z.boolean() }),
    invoke: async ({ command, args = [] }, { signal }) => {
      if (sandbox === undefined) return failure('disabled', reason ?? 'there is no sandbox');
      const run = { args, workspace, writable: true, timeout_ms: timeoutMsMax, output_bytes_max: outputBytesMax };
      let ran = await sandbox.run({ ...run, command }, signal);
      const other = alias.get(command);
      if (!ran.ok && ran.fault === 'not_found' && other !== undefined)
        ran = await sandbox.run({ ...run, command: other }, signal);
      if (!ran.ok && ran.fault === 'not_found') return failure('not_found', ran.message);
      if (!ran.ok) return failure(ran.fault, ran.message, { retryable: false, happened: 'unknown' });
      const { exit, stdout, stderr, truncated } = ran;
      if (exit !== 0)
        return failure('failed', `${command} ended with ${exit}: ${(stderr || stdout).slice(0, 300)}`, {
          happened: 'unknown',
        });
      return { ok: true, result: { exit, stdout: stdout.toWellFormed(), stderr: stderr.toWellFormed(), truncated } };
    },
    ...(sandbox === undefined ? { unavailable: reason ?? 'there is no sandbox for commands' } : {}),
  });
