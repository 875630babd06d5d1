import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { graceMs, startMsMax } from './limits.ts';
import { Told, type Asked, type EngineName } from './script.engine.ts';

const program = fileURLToPath(new URL('script.worker.ts', import.meta.url));
const Greeting = z.strictObject({ ready: z.boolean(), reason: z.string().optional() });

/** Node's permission model is a seat belt, no wall: it makes what escapes from an engine unable to write and to spawn. */
const flags = [
  '--no-node-snapshot',
  '--permission',
  '--allow-addons',
  '--allow-fs-read=*',
  '--max-old-space-size=128',
  '--disable-warning=SecurityWarning',
];

/** A process that runs scripts, one at a time. */
export interface ScriptChild {
  /** Always answers; kills the process where it is late, was stopped, or died. */
  readonly ask: (asked: Asked, signal: AbortSignal) => Promise<Told>;
  readonly alive: () => boolean;
  readonly kill: () => void;
}

/** The next message, `undefined` when the process ends, the time is over or the signal says stop. */
const next = (child: ChildProcess, ms: number, signal?: AbortSignal): Promise<unknown> => {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  const end = (): void => resolve(undefined);
  const timer = setTimeout(end, ms);
  child.once('message', resolve).once('exit', end).once('error', end);
  signal?.addEventListener('abort', end, { once: true });
  if (signal?.aborted === true) end();
  return promise.finally(() => {
    clearTimeout(timer);
    child.off('message', resolve).off('exit', end).off('error', end);
    signal?.removeEventListener('abort', end);
  });
};

const childOf = (child: ChildProcess): ScriptChild => {
  // A process that was sent a signal ends a little later, and is of no use in the meantime.
  let spent = false;
  const kill = (): void => {
    spent = true;
    child.kill('SIGKILL');
  };
  const alive = (): boolean => !spent && child.exitCode === null && child.signalCode === null && child.connected;
  return {
    alive,
    kill,
    ask: async (asked, signal) => {
      // While somebody waits the process keeps ours alive; idle, it does not.
      child.ref();
      child.channel?.ref();
      const answer = next(child, asked.timeout_ms + graceMs, signal);
      if (alive()) child.send(asked, () => undefined);
      const told = Told.safeParse(await answer);
      child.unref();
      child.channel?.unref();
      if (told.success) {
        if (!told.data.ok && told.data.spent === true) kill();
        return told.data;
      }
      const died = !alive();
      kill();
      if (signal.aborted) return { ok: false, fault: 'timeout', message: 'the script was stopped' };
      if (died) return { ok: false, fault: 'memory', message: 'the script ended the process it ran in' };
      return { ok: false, fault: 'timeout', message: `the script took longer than ${asked.timeout_ms} ms` };
    },
  };
};

/** Starts a process for an engine: the process, or why it cannot be. It has no environment and three closed streams. */
export const scriptChild = async (engine: EngineName): Promise<ScriptChild | string> => {
  const child = spawn(process.execPath, [...flags, program, engine], {
    env: {},
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  child.on('error', () => undefined);
  const said = Greeting.safeParse(await next(child, startMsMax));
  child.unref();
  child.channel?.unref();
  if (said.success && said.data.ready) return childOf(child);
  child.kill('SIGKILL');
  return said.data?.reason ?? 'its process did not start';
};
