import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Seen = Pick<IncomingMessage, 'method' | 'url' | 'headers'> & { readonly body: string };
type Answerer = (seen: Seen, response: ServerResponse) => void;

/** A real HTTP server on loopback, which says what it heard and answers what it is told to. */
export const serverOf = async () => {
  const seen: Seen[] = [];
  let connections = 0;
  const state: { answer: Answerer } = { answer: (_, response) => response.end('hello') };
  const server: Server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const one = { method: request.method, url: request.url, headers: request.headers, body };
      seen.push(one);
      state.answer(one, response);
    });
  });
  server.on('connection', () => (connections += 1));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    seen,
    port,
    url: `http://127.0.0.1:${port}`,
    connections: () => connections,
    answers: (answer: Answerer) => (state.answer = answer),
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
};
