import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('node.program.ts', import.meta.url));
const lookMs = 10;

/** One life of the node: it ends by itself at a crash point, or when it is killed. */
export interface Life {
  /** Resolves when it answers callers; undefined where it died before. */
  readonly url: Promise<string | undefined>;
  readonly ended: Promise<string>;
  readonly isOver: () => boolean;
  readonly kill: (signal?: NodeJS.Signals) => void;
  readonly complaints: () => string;
}

/** Starts the node on its folder; `crashAt` names the place at which it kills itself. */
export const live = (folder: string, env: NodeJS.ProcessEnv, crashAt?: string): Life => {
  const child = spawn(process.execPath, [program], {
    env: { ...process.env, ...env, ACTA_DATA: folder, ...(crashAt === undefined ? {} : { ACTA_CRASH_AT: crashAt }) },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  let over = false;
  child.stderr.on('data', (text: Buffer) => (said = (said + text.toString()).slice(-2_000)));
  const ended = new Promise<string>((resolve) =>
    child.once('exit', (code, signal) => {
      over = true;
      resolve(signal ?? `exit ${code}`);
    }),
  );
  const announced = async (): Promise<string | undefined> => {
    for (; !over; await pause(lookMs))
      try {
        const { url, pid } = JSON.parse(readFileSync(path.join(folder, 'server.json'), 'utf8')) as {
          url: string;
          pid: number;
        };
        if (pid === child.pid) return url;
      } catch {
        // Nobody has said where it listens yet.
      }
    return undefined;
  };
  return {
    url: announced(),
    ended,
    isOver: () => over,
    kill: (signal = 'SIGKILL') => void child.kill(signal),
    complaints: () => said,
  };
};
