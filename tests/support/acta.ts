import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, vi } from 'vitest';
import { z } from 'zod';
import { readConfig } from '../../src/config.ts';
import { startNode, type ActaNode, type Stage } from '../../src/wiring.ts';
import { copyStartedCluster } from './started.cluster.ts';

type Environment = Readonly<Record<string, string>>;
/** When to clean up: after the test, or after all tests of a file (`afterAll`). */
type Afterwards = (cleanUp: () => void | Promise<void>) => void;

const startMsMax = 60_000;
const main = new URL('../../src/main.ts', import.meta.url).pathname;
const script = new URL('../../examples/demo/replies.json', import.meta.url).pathname;

/** A data folder that is gone after the test, with a prebuilt embedded database in it. */
export const dataFolder = async (afterwards: Afterwards = onTestFinished): Promise<string> => {
  const folder = mkdtempSync(join(tmpdir(), 'acta-system-'));
  afterwards(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));
  await copyStartedCluster(join(folder, 'read-models', 'cluster'));
  return folder;
};

const environment = (folder: string, more: Environment): Environment => ({
  ACTA_DATA: folder,
  PORT: '0',
  LLM_PROVIDER: 'scripted',
  ACTA_SCRIPT: script,
  ACTA_LOG_LEVEL: 'silent',
  ...more,
});

/** A node in this process; stopped when the test is over, if it was not before. */
export const startHere = async (
  folder: string,
  more: Environment = {},
  afterwards: Afterwards = onTestFinished,
  stage: Stage = {},
): Promise<ActaNode & { readonly url: string }> => {
  const read = readConfig(environment(folder, more), folder);
  if (!read.ok) throw new Error(JSON.stringify(read.faults));
  const node = await startNode(read.config, stage);
  let stopped: Promise<void> | undefined;
  const stop = (grace_ms: number): Promise<void> => (stopped ??= node.stop(grace_ms));
  afterwards(() => stop(1_000));
  return { ...node, url: node.url ?? '', stop };
};

const Announced = z.object({ url: z.string(), pid: z.number() });

export interface Server {
  readonly url: string;
  /** Resolves with the exit code or the signal. */
  readonly ended: Promise<number | string>;
  readonly signal: (name: 'SIGKILL' | 'SIGTERM') => void;
  /** The end of what it has said on standard error: its journal, where `ACTA_LOG_LEVEL` lets it speak. */
  readonly said: () => string;
}

const saidCharsMax = 20_000;

const ended = (child: ChildProcess): Promise<number | string> =>
  new Promise((resolve) => child.once('exit', (code, signal) => resolve(code ?? signal ?? 'unknown')));

/**
 * A server in a process of its own, which can be killed. Waits until it has said where it listens. Another `program` than
 * the server itself announces itself in the same way.
 */
export const startServer = async (
  folder: string,
  more: Environment = {},
  program: readonly string[] = [main, 'serve'],
): Promise<Server> => {
  const { ACTA_CRASH_AT: _, ...env } = process.env;
  const child = spawn(process.execPath, program, {
    env: { ...env, ...environment(folder, more) },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let complaint = '';
  child.stderr.on('data', (text: Buffer) => (complaint = (complaint + text.toString()).slice(-saidCharsMax)));
  const end = ended(child);
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await end;
  });
  const { url } = await vi.waitFor(
    () => {
      if (child.exitCode !== null || child.signalCode !== null) throw new Error(`it ended: ${complaint}`);
      const announced = Announced.parse(JSON.parse(readFileSync(join(folder, 'server.json'), 'utf8')));
      expect(announced.pid).toBe(child.pid);
      return announced;
    },
    { timeout: startMsMax, interval: 50 },
  );
  return { url, ended: end, signal: (name) => void child.kill(name), said: () => complaint };
};

/** A server that is not expected to live: answers how it ended and what it said. */
export const startInVain = async (
  folder: string,
  more: Environment,
): Promise<{ readonly exit: number | string; readonly said: string }> => {
  const child = spawn(process.execPath, [main, 'serve'], {
    env: { ...process.env, ...environment(folder, more) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  child.stdout.on('data', (text: Buffer) => (said += text.toString()));
  child.stderr.on('data', (text: Buffer) => (said += text.toString()));
  return { exit: await ended(child), said };
};

// oxlint-disable-next-line typescript/no-explicit-any
export type Body = any;

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Body;
}

/** Asks a server; a body is sent as JSON, an answer is read as JSON where it is. */
export const ask = async (
  url: string,
  path: string,
  {
    method,
    body,
    headers = {},
  }: { readonly method?: string; readonly body?: unknown; readonly headers?: Environment } = {},
): Promise<Reply> => {
  const response = await fetch(url + path, {
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const json = response.headers.get('content-type')?.includes('json') === true;
  return { status: response.status, headers: response.headers, body: json ? JSON.parse(text) : text };
};

/** Reads what a read model says once it has reached the end of the log. */
export const askFresh = async (url: string, path: string): Promise<Reply> => {
  const { body } = await ask(url, '/projections');
  const head = body.data[0].head as string;
  return ask(url, path, { headers: { 'acta-min-position': head, prefer: 'wait=10' } });
};
