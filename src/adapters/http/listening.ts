import type { AddressInfo, Server } from 'node:net';
import type { FastifyInstance } from 'fastify';

/** Where the server is reached. */
export interface Address {
  readonly host: string;
  readonly port: number;
  readonly url: string;
}

export const addressOf = (server: Server): Address | undefined => {
  const bound = server.address() as AddressInfo | null;
  if (bound === null) return undefined;
  const { address: host, port } = bound;
  return { host, port, url: `http://${host.includes(':') ? `[${host}]` : host}:${port}` };
};

const isTaken = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';

/**
 * Connections that the kernel holds while this process is busy. Node's own 511 are fewer than one address may open at once,
 * and what does not fit is reset.
 */
const backlogMax = 2_048;

/** Binds to the port, or with `tries` above one to the first free port from it on. */
export const bind = async (app: FastifyInstance, host: string, port: number, tries: number): Promise<Address> => {
  for (let tried = 0; ; tried += 1) {
    try {
      await app.listen({ host, port: port === 0 ? 0 : port + tried, backlog: backlogMax });
      const address = addressOf(app.server);
      if (address !== undefined) return address;
      throw new Error('the server was closed while it began to listen');
    } catch (error) {
      if (!isTaken(error)) throw error;
      if (tried + 1 < tries) continue;
      const range = tries === 1 ? `port ${port} is` : `ports ${port} to ${port + tries - 1} are`;
      throw new Error(`${range} taken on ${host}; set another PORT, or 0 for any`, { cause: error });
    }
  }
};

/**
 * Bounds how many connections there are, in all and from one address: those beyond are closed before a byte is read
 * (assurance F96).
 */
export const boundConnections = (
  server: Server,
  { connectionsMax, connectionsPerAddressMax }: Readonly<Record<'connectionsMax' | 'connectionsPerAddressMax', number>>,
): void => {
  const perAddress = new Map<string, number>();
  server.maxConnections = connectionsMax;
  server.on('connection', (socket) => {
    const from = socket.remoteAddress ?? '';
    const open = (perAddress.get(from) ?? 0) + 1;
    if (open > connectionsPerAddressMax) {
      socket.destroy();
      return;
    }
    perAddress.set(from, open);
    socket.once('close', () => {
      const left = (perAddress.get(from) ?? 1) - 1;
      if (left === 0) perAddress.delete(from);
      else perAddress.set(from, left);
    });
  });
};
