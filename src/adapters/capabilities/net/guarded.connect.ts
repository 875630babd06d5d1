import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { buildConnector } from 'undici';
import { mayReach, type Allowed } from './address.rules.ts';
import { addressesTriedMax } from './limits.ts';

/** No connection was made, so nothing was sent. `denied` where the guard would have none. */
export class Unreached extends Error {
  readonly denied: boolean;
  constructor(denied: boolean, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'Unreached';
    this.denied = denied;
  }
}

export type Resolve = (host: string) => Promise<readonly string[]>;

/** As the system resolves names, its own file of hosts with it. */
export const systemResolve: Resolve = async (host) =>
  (await lookup(host, { all: true, order: 'verbatim' })).map(({ address }) => address);

const codeOf = (error: unknown): string => {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  return typeof code === 'string' ? code : 'no answer';
};

type Socket = Parameters<buildConnector.Callback>[1];

const portOf = ({ port, protocol }: buildConnector.Options): number =>
  port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port);

/** The addresses of a host, every one of which may be spoken to: one that may not be spoils the others. */
const checkedAddresses = async (host: string, port: number, allowed: Allowed, resolve: Resolve) => {
  const addresses = isIP(host) === 0 ? await resolve(host) : [host];
  if (addresses.length === 0) throw new Unreached(false, `${host} has no address`);
  const shown = isIP(host) === 6 ? `[${host}]` : host;
  const forbidden = addresses.find((address) => !mayReach(allowed, shown, port, address));
  if (forbidden !== undefined) throw new Unreached(true, `${shown}:${port} may not be reached (${forbidden})`);
  return addresses.slice(0, addressesTriedMax);
};

/**
 * Connects only to addresses that were checked: a name is resolved once, and it is the checked address that is connected
 * to, so that a name which changes its mind in between gains nothing (assurance S35, S37). TLS still asks for the name.
 * Every failure is `Unreached`.
 */
export const guardedConnect = (allowed: Allowed, resolve: Resolve, timeout_ms: number): buildConnector.connector => {
  const connector = buildConnector({ timeout: timeout_ms });
  const connected = (options: buildConnector.Options): Promise<NonNullable<Socket>> =>
    new Promise((done, fail) =>
      connector(options, (error, socket) => (socket === null ? fail(error ?? new Error('no socket')) : done(socket))),
    );

  const reach = async (options: buildConnector.Options): Promise<NonNullable<Socket>> => {
    const host = options.hostname.replaceAll(/^\[|\]$|\.$/g, '');
    const port = portOf(options);
    let last: unknown;
    try {
      for (const address of await checkedAddresses(host, port, allowed, resolve)) {
        try {
          const servername = isIP(host) === 0 ? host : '';
          const socket = await connected({ ...options, hostname: address, servername });
          const peer = socket.remoteAddress ?? '';
          if (peer === address || mayReach(allowed, options.hostname, port, peer)) return socket;
          socket.destroy();
          throw new Unreached(true, `${host}:${port} led to ${peer}, which may not be reached`);
        } catch (error) {
          if (error instanceof Unreached) throw error;
          last = error;
        }
      }
    } catch (error) {
      if (error instanceof Unreached) throw error;
      last = error;
    }
    throw new Unreached(false, `${host}:${port} could not be reached (${codeOf(last)})`, { cause: last });
  };

  return (options, callback) => {
    reach(options).then(
      (socket) => callback(null, socket),
      (error: unknown) => callback(error as Error, null),
    );
  };
};
