import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What reached the outside: one line for every call, whatever came of it. */
export interface Entry {
  readonly route: 'keyed' | 'unkeyed' | 'natural' | 'read' | 'undo' | 'compensation' | 'webhook';
  /** `<directive>.<step>`: what was to be done, by the name that only the harness gave it. */
  readonly effect: string;
  readonly key: string | undefined;
  readonly at: string;
  /** False where this key had been here before, or the call was turned away. */
  readonly applied: boolean;
}

export interface Ledger {
  readonly url: string;
  readonly host: string;
  readonly entries: readonly Entry[];
  readonly close: () => Promise<void>;
}

const answerMsMax = 25;
/** Of these effects the first call is turned away, and may be made again. */
const turnedAway = /0\.pay$/;

/**
 * A server outside of everything that may crash: it records each call with its key and its time before it answers, keeps
 * idempotency keys as it promises, and takes its time, so that whoever calls it can die while it does.
 */
export const ledger = async (chance: () => number): Promise<Ledger> => {
  const entries: Entry[] = [];
  const keys = new Set<string>();
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const at = new Date().toISOString();
    const [, route = '', effect = ''] = (request.url ?? '').split('/');
    const key = request.headers['idempotency-key']?.toString();
    const again = entries.some((entry) => entry.effect === effect && entry.route === route);
    const refused = route === 'keyed' && turnedAway.test(effect) && !again;
    const known = key !== undefined && keys.has(`${route} ${key}`);
    const keeps = route === 'keyed' || route === 'undo';
    entries.push({ route: route as Entry['route'], effect, key, at, applied: !refused && !(keeps && known) });
    if (!refused && key !== undefined) keys.add(`${route} ${key}`);
    request.resume();
    setTimeout(() => {
      response.writeHead(refused ? 503 : 200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ effect }));
    }, chance() * answerMsMax);
  };
  const server = createServer(answer);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: `http://${host}`,
    host,
    entries,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
};
