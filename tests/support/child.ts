import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/**
 * Runs a TypeScript program with this Node. `line` answers its next line; `kill` ends it as a power cut would and answers
 * what it had said in the meantime.
 */
export const child = (program: URL, ...args: readonly string[]) => {
  const running = spawn(process.execPath, [program.pathname, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise<void>((resolve) => running.once('exit', () => resolve()));
  const lines = createInterface({ input: running.stdout })[Symbol.asyncIterator]();
  return {
    line: async (): Promise<string> => {
      const { value, done } = await lines.next();
      if (done === true) throw new Error(`${program.pathname} ended`);
      return value;
    },
    kill: async (): Promise<readonly string[]> => {
      running.kill('SIGKILL');
      await ended;
      const rest: string[] = [];
      for (let next = await lines.next(); next.done !== true; next = await lines.next()) rest.push(next.value);
      return rest;
    },
  };
};
