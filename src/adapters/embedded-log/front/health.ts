import { createServer, type Server } from 'node:http';
import { greetingMsMax, headerBytesMax, headersMax } from './limits.ts';

/** What EventStoreDB answers over plain HTTP: whether it lives. Its HTTP API proper is not offered. */
export const healthServer = (): Server => {
  const server = createServer(
    { maxHeaderSize: headerBytesMax, headersTimeout: greetingMsMax, requestTimeout: greetingMsMax },
    (request, response) => {
      request.resume();
      const { pathname } = URL.parse(request.url ?? '/', 'http://log') ?? { pathname: '/' };
      switch (pathname) {
        case '/health/live':
          return void response.writeHead(204).end();
        case '/ping':
          return void response
            .writeHead(200, { 'content-type': 'application/json' })
            .end('{"text":"Ping request successfully handled"}');
        default:
          return void response.writeHead(501, 'Not Implemented').end();
      }
    },
  );
  server.maxHeadersCount = headersMax;
  return server;
};
