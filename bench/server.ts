import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { request, Agent } from 'node:http';
import { join } from 'node:path';

type Environment = Readonly<Record<string, string>>;

export interface BenchServer {
  readonly url: string;
  readonly pid: number;
  /** From the start of the process until it answered, in milliseconds. */
  readonly startMs: number;
  readonly end: (signal: 'SIGTERM' | 'SIGKILL') => Promise<void>;
}

const startMsMax = 60_000;
const main = new URL('../src/main.ts', import.meta.url).pathname;

const announced = (folder: string, pid: number | undefined): string | undefined => {
  try {
    const note = JSON.parse(readFileSync(join(folder, 'server.json'), 'utf8')) as { url: string; pid: number };
    return note.pid === pid ? note.url : undefined;
  } catch {
    return undefined;
  }
};

/** Starts a server as a user would, and waits until it answers. */
export const serve = async (folder: string, more: Environment = {}): Promise<BenchServer> => {
  const began = performance.now();
  const env = { ...process.env, ACTA_DATA: folder, PORT: '0', ACTA_LOG_LEVEL: 'error', ...more };
  const child = spawn(process.execPath, [main, 'serve'], { env, stdio: ['ignore', 'ignore', 'inherit'] });
  // A benchmark that fails leaves no server behind.
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  const ended = new Promise<void>((resolve) =>
    child.once('exit', () => {
      process.off('exit', kill);
      resolve();
    }),
  );
  let url: string | undefined;
  while (url === undefined) {
    if (child.exitCode !== null || performance.now() - began > startMsMax) throw new Error('the server did not start');
    await new Promise((resolve) => setTimeout(resolve, 2));
    url = announced(folder, child.pid);
  }
  const startMs = performance.now() - began;
  const end = async (signal: 'SIGTERM' | 'SIGKILL'): Promise<void> => {
    child.kill(signal);
    await ended;
  };
  return { url, pid: child.pid ?? 0, startMs, end };
};

/** One JSON request. */
export const ask = async <T>(url: string, body?: unknown, headers: Environment = {}): Promise<T> => {
  const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
  const response = await fetch(url, { ...init, headers: { 'content-type': 'application/json', ...headers } });
  return (await response.json()) as T;
};

/** Requests a second over so many kept connections; every answer must be 200. */
export const requestsPerSecond = async (
  url: string,
  headers: Environment,
  lanes: number,
  ms: number,
): Promise<number> => {
  const agent = new Agent({ keepAlive: true, maxSockets: lanes });
  let answered = 0;
  const one = (): Promise<void> =>
    new Promise((resolve, reject) => {
      request(url, { agent, headers }, (response) => {
        if (response.statusCode !== 200) reject(new Error(`${url} answered ${response.statusCode}`));
        response.resume().once('end', resolve);
      })
        .once('error', reject)
        .end();
    });
  const until = performance.now() + ms;
  const began = performance.now();
  await Promise.all(
    Array.from({ length: lanes }, async () => {
      for (; performance.now() < until; answered += 1) await one();
    }),
  );
  agent.destroy();
  return answered / ((performance.now() - began) / 1000);
};
