import { readFileSync } from 'node:fs';
import path from 'node:path';
import { client, type Client } from './client.ts';
import { usage } from '../exits.ts';
import { announcedServer } from '../server.file.ts';
import type { Environment, Terminal } from '../terminal/terminal.ts';

/** The flags that say which server is meant and who asks. The key itself is never a flag: others see those. */
export interface Whereabouts {
  readonly url?: string;
  readonly keyFile?: string;
  /** Seconds. */
  readonly timeout?: number;
}

const urlDefault = 'http://127.0.0.1:8000';
const timeoutSecondsDefault = 30;
/** Timers hold no more than some weeks. */
const timeoutSecondsMax = 86_400;
const keyCharsMax = 512;

const set = (text: string | undefined): string | undefined => (text?.trim() ? text.trim() : undefined);

/** `--url`, else ACTA_URL, else the server that announced itself in the data folder, else the usual place. */
export const urlOf = ({ url }: Whereabouts, env: Environment, folder: string): string => {
  const named = set(url) ?? set(env['ACTA_URL']);
  if (named !== undefined) {
    const address = URL.canParse(named) ? new URL(named) : undefined;
    if (address === undefined || !/^https?:$/.test(address.protocol))
      throw usage(`${named} is not the address of a server; it looks like http://127.0.0.1:8000`);
    return named;
  }
  return announcedServer(path.resolve(folder, set(env['ACTA_DATA']) ?? '.acta'))?.url ?? urlDefault;
};

const keyIn = (file: string, folder: string): string => {
  try {
    // 0 is stdin.
    return readFileSync(file === '-' ? 0 : path.resolve(folder, file), 'utf8').trim();
  } catch (error) {
    throw usage(`the key file ${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
};

/** The key in `--key-file`, else ACTA_KEY, else in ACTA_KEY_FILE; none where nothing is said. */
export const keyOf = ({ keyFile }: Whereabouts, env: Environment, folder: string): string | undefined => {
  const file = set(keyFile);
  const key = file !== undefined ? keyIn(file, folder) : set(env['ACTA_KEY']);
  const other = set(env['ACTA_KEY_FILE']);
  const found = key ?? (other === undefined ? undefined : keyIn(other, folder));
  if (found !== undefined && (!/^[\x21-\x7e]+$/.test(found) || found.length > keyCharsMax))
    throw usage('the key is not one line of visible characters');
  return found;
};

const loopback = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/** The client for the server that is meant. Throws a usage Failure for what cannot be one. */
export const connect = (
  whereabouts: Whereabouts,
  { env, folder, version }: { readonly env: Environment; readonly folder: string; readonly version: string },
  terminal: Terminal,
  signal: AbortSignal,
): Client => {
  const url = urlOf(whereabouts, env, folder);
  const key = keyOf(whereabouts, env, folder);
  const { protocol, hostname } = new URL(url);
  if (key !== undefined && protocol === 'http:' && !loopback.test(hostname))
    terminal.warn(`warning: the key travels to ${hostname} unencrypted; use https`);
  const timeout_ms = Math.min(whereabouts.timeout ?? timeoutSecondsDefault, timeoutSecondsMax) * 1000;
  return client({ url, key, version, timeout_ms, signal });
};
