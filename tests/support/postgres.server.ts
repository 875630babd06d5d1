import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';

/** Where Debian and its kin keep the server's programs, newest first; then wherever the path leads. */
const folders = (): readonly string[] => {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).toSorted((a, b) => Number(b) - Number(a)) : [];
  return [...versions.map((version) => join(debian, version, 'bin')), ...(process.env['PATH'] ?? '').split(':')];
};

/** The folder with `initdb` and `postgres`, where this machine has one. */
export const serverPrograms = (): string | undefined =>
  folders().find((folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres')));

const answers = async (url: string): Promise<boolean> => {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on('error', () => {});
  try {
    await client.connect();
    await client.end();
    return true;
  } catch {
    return false;
  }
};

export interface Server {
  readonly url: string;
  /** Starts it again on the same cluster. */
  readonly start: () => Promise<void>;
  /** Ends it as a power cut would. */
  readonly kill: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** PostgreSQL refuses to run as root. */
const unprivileged = (path: string, args: readonly string[]): [string, string[]] =>
  process.getuid?.() === 0
    ? ['setpriv', ['--reuid=postgres', '--regid=postgres', '--clear-groups', path, ...args]]
    : [path, [...args]];

const initialized = (programs: string): { readonly folder: string; readonly cluster: string } => {
  const folder = mkdtempSync(join(tmpdir(), 'acta-pg-'));
  const cluster = join(folder, 'cluster');
  if (process.getuid?.() === 0) {
    chmodSync(folder, 0o755);
    execFileSync('chown', ['postgres', folder]);
  }
  const args = ['-D', cluster, '-U', 'postgres', '-A', 'trust', '-N', '-E', 'UTF8', '--locale=C.UTF-8'];
  execFileSync(...unprivileged(join(programs, 'initdb'), args), { stdio: 'pipe', cwd: folder });
  return { folder, cluster };
};

/** A server of our own, on a unix socket in a temporary folder, with these settings. */
export const temporaryServer = async (
  programs: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<Server> => {
  const { folder, cluster } = initialized(programs);
  const all = { listen_addresses: '', unix_socket_directories: folder, shared_buffers: '16MB', ...settings };
  const args = ['-D', cluster, ...Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
  const url = `postgres://postgres@localhost/postgres?host=${encodeURIComponent(folder)}`;
  let server: ChildProcess;
  const start = async (): Promise<void> => {
    server = spawn(...unprivileged(join(programs, 'postgres'), args), { stdio: 'ignore', cwd: folder });
    for (let attempt = 1; !(await answers(url)); attempt++) {
      if (attempt === 200 || server.exitCode !== null) throw new Error('the temporary PostgreSQL did not start');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (server.exitCode !== null || server.signalCode !== null) return;
    const ended = new Promise((resolve) => server.once('exit', resolve));
    server.kill(signal);
    await ended;
  };
  await start();
  return {
    url,
    start,
    kill: () => end('SIGQUIT'),
    stop: async () => {
      await end('SIGINT');
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

const containerUrl = async (): Promise<string | undefined> => {
  // Loaded only here: it takes half a second.
  const { getContainerRuntimeClient } = await import('testcontainers');
  const engine = await getContainerRuntimeClient().catch(() => undefined);
  if (engine === undefined) return undefined;
  const { PostgreSqlContainer } = await import('@testcontainers/postgresql');
  const container = await new PostgreSqlContainer('pgvector/pgvector:pg17').start();
  return container.getConnectionUri();
};

/**
 * A PostgreSQL in which this test run may make databases of its own: the one of `DATABASE_URL`, one that listens here and
 * trusts us, one started from this machine's programs, or one in a container. Undefined where there is none.
 */
export const findServer = async (): Promise<
  { readonly url: string; readonly stop: () => Promise<void> } | undefined
> => {
  const stay = async (): Promise<void> => {};
  const given = process.env['DATABASE_URL'];
  if (given !== undefined && given !== '') return { url: given, stop: stay };
  const local = 'postgres://postgres@127.0.0.1:5432/postgres';
  if (await answers(local)) return { url: local, stop: stay };
  const programs = serverPrograms();
  if (programs !== undefined) return temporaryServer(programs);
  const url = await containerUrl();
  return url === undefined ? undefined : { url, stop: stay };
};
