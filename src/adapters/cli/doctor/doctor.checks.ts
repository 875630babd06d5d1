import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import type { Config } from '../../../config.ts';
import { describeConfig } from '../../../config.described.ts';
import { announcedServer } from '../server.file.ts';
import type { Environment } from '../terminal/terminal.ts';

/** One thing that was looked at, how it is, and what to do where it is not well. */
export interface Check {
  readonly name: string;
  readonly verdict: 'ok' | 'warn' | 'fail';
  readonly detail: string;
  readonly hint?: string;
}

const ok = (name: string, detail: string): Check => ({ name, verdict: 'ok', detail });
const warn = (name: string, detail: string, hint: string): Check => ({ name, verdict: 'warn', detail, hint });
const fail = (name: string, detail: string, hint: string): Check => ({ name, verdict: 'fail', detail, hint });

const nodeMajorMin = 24;
/** Older ones may damage a database in WAL mode when a checkpoint meets a reset of the log. */
const sqliteMin = '3.51.3';
const bytesFreeWarned = 1024 ** 3;
const bytesFreeMin = 100 * 1024 ** 2;

/** Whether a dotted version is at least another. */
export const atLeast = (version: string, least: string): boolean => {
  const [a, b] = [version, least].map((text) => text.split('.').map((part) => Number.parseInt(part, 10) || 0));
  for (const [index, wanted] of (b ?? []).entries()) {
    const has = a?.[index] ?? 0;
    if (has !== wanted) return has > wanted;
  }
  return true;
};

export const checkNode = (version: string): Check =>
  atLeast(version, String(nodeMajorMin))
    ? ok('node', version)
    : fail('node', `${version} is too old`, `start Acta with Node ${nodeMajorMin} or newer; npm start brings its own`);

export const checkSqlite = (version: string | undefined, { eventstore_url }: Config): Check => {
  const found = version ?? 'none';
  if (version !== undefined && atLeast(version, sqliteMin)) return ok('sqlite', version);
  if (eventstore_url !== undefined) return ok('sqlite', `${found}, not used: the log is on a server`);
  return fail('sqlite', `${found}; the embedded log needs ${sqliteMin}`, 'use a newer Node, or set EVENTSTORE_URL');
};

/** The folder itself, or the nearest one above that is there. */
const nearestFolder = (folder: string): string =>
  existsSync(folder) || path.dirname(folder) === folder ? folder : nearestFolder(path.dirname(folder));

const checkFolder = ({ folder }: Config): Check => {
  const place = nearestFolder(folder);
  try {
    if (!statSync(place).isDirectory()) return fail('data folder', `${place} is a file`, 'set ACTA_DATA to a folder');
    accessSync(place, constants.W_OK | constants.X_OK);
  } catch {
    return fail('data folder', `${place} cannot be written`, 'give this user the right to, or set ACTA_DATA');
  }
  return ok('data folder', place === folder ? folder : `${folder}, made on the first start`);
};

const checkDisk = async ({ folder }: Config): Promise<Check> => {
  const { bavail, bsize } = await statfs(nearestFolder(folder));
  const free = bavail * bsize;
  const detail = `${(free / 1024 ** 3).toFixed(1)} GiB free`;
  if (free < bytesFreeMin) return fail('disk', detail, 'make room before the log cannot be written');
  return free < bytesFreeWarned ? warn('disk', detail, 'make room soon') : ok('disk', detail);
};

const isFree = (host: string, port: number): Promise<string | undefined> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host, port }, () => server.close(() => resolve(undefined)));
  });

const checkPort = async ({ host, port, port_is_fixed, folder }: Config): Promise<Check> => {
  const running = announcedServer(folder);
  if (running !== undefined) return ok('port', `Acta runs at ${running.url} (process ${running.pid})`);
  const taken = await isFree(host, port);
  const where = `${host}:${port}`;
  if (taken === undefined) return ok('port', `${where} is free`);
  if (taken !== 'EADDRINUSE') return fail('port', `${where} cannot be used: ${taken}`, 'set HOST and PORT');
  return port_is_fixed
    ? fail('port', `${where} is taken`, 'set another PORT, or stop what listens there')
    : warn('port', `${where} is taken`, 'the next free one will be used; set PORT to choose');
};

const loopback = /^(?:localhost|127(?:\.\d{1,3}){3}|::1)$/;

const checkDoor = ({ host, bootstrap_key }: Config): Check => {
  if (loopback.test(host)) return ok('access', `bound to ${host}: callers of this machine need no key`);
  if (bootstrap_key !== undefined) return ok('access', `bound to ${host}: every caller needs a key`);
  return warn('access', `bound to ${host}, and AOS_API_KEY is not set`, 'without any key issued, the start is refused');
};

const checkNames = (env: Environment): readonly Check[] =>
  describeConfig(env).unknown.map((name) =>
    warn('environment', `nobody reads ${name}`, 'is it misspelt? .env.example lists every name'),
  );

/** What can be checked without a server: what it would run on. */
export const groundChecks = async (config: Config, env: Environment): Promise<readonly Check[]> => [
  checkNode(process.versions.node),
  checkSqlite(process.versions['sqlite'], config),
  checkFolder(config),
  await checkDisk(config),
  await checkPort(config),
  checkDoor(config),
  ...checkNames(env),
];
