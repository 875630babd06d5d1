import { randomUUID } from 'node:crypto';
import net from 'node:net';
import { onTestFinished } from 'vitest';
import { httpServer, type HttpServer } from '../../src/adapters/http/server.ts';
import type { Authenticate, HttpOptions } from '../../src/adapters/http/options.ts';
import type { Principal } from '../../src/domain/kernel/operation.ts';
import { problem } from '../../src/problems.ts';
import { LogError, type Idempotency, type KeptAnswer } from '../../src/ports.ts';
import { repertoire, world, type World } from './agents.repertoire.ts';

/** What a surface wrote to its log and counted. */
export interface Heard {
  readonly lines: { readonly level: string; readonly event: string; readonly fields?: unknown }[];
  readonly counted: { readonly name: string; readonly labels?: unknown }[];
}

export const operator: Principal = {
  actor: 'user:operator',
  tenant: 'default',
  scopes: ['agents:*', 'sessions:write', 'keys:admin', 'events:read', 'metrics:read'],
};
export const reader: Principal = { actor: 'user:reader', tenant: 'default', scopes: ['agents:read'] };

export const operatorKey = 'key-operator-canary-9912';
export const readerKey = 'key-reader-canary-9913';

/** Keys by their text; whoever comes without one is refused. */
export const keyring =
  (
    keys: ReadonlyMap<string, Principal> = new Map([
      [operatorKey, operator],
      [readerKey, reader],
    ]),
  ): Authenticate =>
  (credential) =>
    keys.get(credential ?? '') ?? problem('unauthenticated', 'no valid key');

/** Answers kept in a map, with the port's own rules; `down` makes it fail as a lost database does. */
export const keeper = () => {
  const kept = new Map<string, { readonly fingerprint: string; answer?: KeptAnswer }>();
  const faults = { down: false, silent: false };
  const reach = (): Promise<void> => {
    if (faults.down) return Promise.reject(new Error('connection refused'));
    return faults.silent ? new Promise(() => undefined) : Promise.resolve();
  };
  const store: Pick<Idempotency, 'begin' | 'finish' | 'abandon'> = {
    begin: async (who, key, fingerprint) => {
      await reach();
      const held = kept.get(`${who} ${key}`);
      if (held === undefined) {
        kept.set(`${who} ${key}`, { fingerprint });
        return { state: 'fresh' };
      }
      if (held.fingerprint !== fingerprint) return { state: 'mismatch' };
      return held.answer === undefined ? { state: 'in_progress' } : { state: 'replay', answer: held.answer };
    },
    finish: async (who, key, answer) => {
      await reach();
      const held = kept.get(`${who} ${key}`);
      if (held !== undefined) held.answer = answer;
    },
    abandon: async (who, key) => {
      await reach();
      kept.delete(`${who} ${key}`);
    },
  };
  return { store, faults, kept };
};

export interface Running {
  readonly server: HttpServer;
  readonly url: string;
  readonly port: number;
  readonly world: World;
  readonly heard: Heard;
  readonly keeper: ReturnType<typeof keeper>;
  /** Asks with the operator's key, unless the headers say otherwise. */
  readonly ask: (path: string, init?: RequestInit & { readonly json?: unknown }) => Promise<Response>;
}

/** A surface that nothing is bound to yet, with everything around it; closed when the test is over. */
const surrounded = (options: Partial<HttpOptions<World>>) => {
  const heard: Heard = { lines: [], counted: [] };
  const line = (level: string) => (event: string, fields?: unknown) => void heard.lines.push({ level, event, fields });
  const context = world();
  const answers = keeper();
  const server = httpServer<World>({
    operations: repertoire,
    context,
    authenticate: keyring(),
    keyless: false,
    idempotency: answers.store,
    waitFor: () => Promise.resolve({ reached: true, position: context.position }),
    explain: (error) => (error instanceof LogError ? problem('log_unavailable', error.message) : undefined),
    journal: { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') },
    telemetry: {
      count: (name, labels) => void heard.counted.push({ name, labels }),
      observe: (name, _, labels) => void heard.counted.push({ name, labels }),
      gauge: () => undefined,
      timer: () => () => undefined,
      span: (_name, _attributes, work) => work(),
      traceparent: () => undefined,
    },
    clock: { now: () => Date.now(), id: () => randomUUID(), chance: () => Math.random() },
    version: '0.0.0-test',
    check_outputs: true,
    ...options,
  });
  onTestFinished(() => server.close(0));
  return { server, world: context, heard, keeper: answers };
};

/** A surface that does not listen yet. */
export const unbound = (options: Partial<HttpOptions<World>> = {}): HttpServer => surrounded(options).server;

/** A surface on a port of its own. */
export const running = async (options: Partial<HttpOptions<World>> = {}): Promise<Running> => {
  const around = surrounded(options);
  const { url, port } = await around.server.listen('127.0.0.1', 0);
  const ask: Running['ask'] = (path, { json, headers, ...init } = {}) =>
    fetch(`${url}${path}`, {
      ...init,
      ...(json === undefined ? {} : { method: init.method ?? 'POST', body: JSON.stringify(json) }),
      headers: {
        authorization: `Bearer ${operatorKey}`,
        ...(json === undefined ? {} : { 'content-type': 'application/json' }),
        ...(headers as Record<string, string> | undefined),
      },
    });
  return { ...around, url, port, ask };
};

/** Sends bytes as they are, and answers with all that came back until the server closed the connection. */
export const raw = (port: number, bytes: string | Buffer): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = net.connect(port, '127.0.0.1', () => socket.write(bytes));
    let text = '';
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => (text += chunk));
    socket.on('close', () => resolve(text));
    socket.on('error', reject);
  });

/** The body of a raw answer, as JSON. */
export const bodyOf = (text: string): Readonly<Record<string, unknown>> =>
  JSON.parse(text.slice(text.indexOf('\r\n\r\n') + 4)) as Record<string, unknown>;
