import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';

/** What a process came to: how it ended, what it said, and whether the walls around it stood before. */
export interface Ended {
  readonly stood: boolean;
  readonly exit: number | undefined;
  readonly stopped: 'timeout' | 'aborted' | undefined;
  readonly stdout: string;
  readonly stderr: string;
  readonly truncated: boolean;
}

/** Keeps so many bytes of a stream and lets the rest pass, so that who writes is never held up. */
const kept = (stream: Readable, bytesMax: number) => {
  const chunks: Buffer[] = [];
  let bytes = 0;
  let truncated = false;
  stream.on('data', (chunk: Buffer) => {
    if (bytes + chunk.length > bytesMax) truncated = true;
    if (bytes < bytesMax) chunks.push(chunk.subarray(0, bytesMax - bytes));
    bytes += chunk.length;
  });
  stream.on('error', () => undefined);
  return {
    text: () => Buffer.concat(chunks).toString('utf8'),
    truncated: () => truncated,
  };
};

/**
 * Runs a program as a process group of its own, with nothing but what is said here for an environment, until it ends, the
 * time is over or the signal is aborted; then the whole group is killed. Rejects where the program cannot be started.
 */
export const ended = (
  program: string,
  args: readonly string[],
  limits: { readonly timeout_ms: number; readonly output_bytes_max: number; readonly env: Record<string, string> },
  signal: AbortSignal,
): Promise<Ended> => {
  const { promise, resolve, reject } = Promise.withResolvers<Ended>();
  const child = spawn(program, [...args], {
    env: limits.env,
    cwd: '/',
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  let stopped: Ended['stopped'];
  const stop = (why: 'timeout' | 'aborted') => (): void => {
    stopped ??= why;
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    } catch {
      // It ended by itself in the meantime.
    }
  };
  const abort = stop('aborted');
  const timer = setTimeout(stop('timeout'), limits.timeout_ms);
  const [, out, err, signs] = child.stdio;
  const stdout = kept(out as Readable, limits.output_bytes_max);
  const stderr = kept(err as Readable, limits.output_bytes_max);
  const sign = kept(signs as Readable, 16);
  child.on('error', reject);
  child.on('close', (code, killed) =>
    resolve({
      stood: sign.text() !== '',
      exit: code ?? (killed === null ? undefined : 128),
      stopped,
      stdout: stdout.text(),
      stderr: stderr.text(),
      truncated: stdout.truncated() || stderr.truncated(),
    }),
  );
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  return promise.finally(() => {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
  });
};
