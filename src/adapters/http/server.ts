import { eventStreamOperation, serveEvents } from './streams/events.stream.ts';
import { framework } from './framework.ts';
import { addressOf, bind, type Address } from './listening.ts';
import { openApiOf } from './description/openapi.ts';
import type { HttpOptions } from './options.ts';
import { jsonMedia } from './answers/outgoing.ts';
import { respond } from './answers/respond.ts';
import { serveAt, type Place } from './places.ts';
import { mountedAt } from './mounts.ts';
import { referencePages } from './description/reference.ts';
import { routesOf, type Route } from './route.ts';
import { problemOperations, welcome } from './description/self.description.ts';
import { serve } from './answers/serve.ts';
import { surface, type Surface } from './surface.ts';

/** A surface that can be reached. */
export interface HttpServer {
  /**
   * Binds to a host and a port, 0 for any. With `next_free`, ports that are taken are passed over for the next free one,
   * and `moved` says so. Throws a sentence where that cannot be.
   */
  readonly listen: (
    host: string,
    port: number,
    options?: { readonly next_free?: boolean },
  ) => Promise<Address & { readonly moved: boolean }>;
  /** Undefined while it does not listen. */
  readonly address: () => Address | undefined;
  /** The OpenAPI document that is served. */
  readonly document: object;
  /**
   * Stops (assurance F18): no new connections, `shutting_down` for new requests, `bye` for event streams; what is being
   * answered may finish within `grace_ms`, and is then ended. Resolves when all is closed; called again, it is the same
   * stop.
   */
  readonly close: (grace_ms: number) => Promise<void>;
}

const open = { scope: null, quota: 'read' } as const;

const at = (path: string, handler: Place['handler']): Place => ({ method: 'GET', path, terms: open, handler });

/** The pages by which the server explains itself; anyone may read them. */
const selfDescription = (version: string, document: object, routes: readonly { readonly path: string }[]): Place[] => {
  const text = JSON.stringify(document);
  const paths = new Set([...routes.map(({ path }) => path), '/docs', '/openapi.json']);
  const greet = welcome(version, paths);
  return [
    at('/', (request, reply) => {
      const { media, body } = greet(request);
      respond(reply, 200, { 'Content-Type': media, Vary: 'Accept' }, body);
    }),
    at('/openapi.json', (_, reply) => {
      respond(reply, 200, { 'Content-Type': jsonMedia, 'Cache-Control': 'private, no-cache' }, text);
    }),
    ...referencePages().map(({ path, headers, body }) =>
      at(path, async (_, reply) => respond(reply, 200, headers, await body())),
    ),
  ];
};

const idleCheckMs = 50;
/** Those whose work is ended when the grace is over get so long to hear what became of it. */
const lastWordMsMax = 1_000;

const stop = async <Context>(
  shared: Surface<Context>,
  app: ReturnType<typeof framework>,
  grace_ms: number,
): Promise<void> => {
  shared.closing = true;
  shared.streams.close();
  const { mounts = [] } = shared.options;
  const lettingGo = setInterval(() => {
    // A connection that has its last answer is kept alive by Node; it is let go of when it is idle.
    app.server.closeIdleConnections();
    // What is left of another protocol when nothing is being answered only listens.
    if (shared.flights.aloft() === 0) for (const { close } of mounts) void close();
  }, idleCheckMs);
  const graceOver = setTimeout(() => shared.flights.abortAll(), grace_ms);
  const wordOver = setTimeout(() => app.server.closeAllConnections(), grace_ms + lastWordMsMax);
  await app.close();
  for (const { close } of mounts) await close();
  shared.flights.close();
  clearInterval(lettingGo);
  clearTimeout(graceOver);
  clearTimeout(wordOver);
};

/**
 * The HTTP surface of a list of operations: their routes, the event stream, the OpenAPI document and the reference read
 * from them, with the conventions of interfaces 3.1 to 3.4 around each. Throws at once where the list contradicts itself
 * (two operations at one address, a path parameter that no input names, a problem that does not exist).
 */
export const httpServer = <Context>(options: HttpOptions<Context>): HttpServer => {
  const shared = surface(options);
  const { events, version } = options;
  const app = framework(shared);
  const served = routesOf([...options.operations, ...problemOperations<Context>()], shared.limits);
  const stream = events && routesOf([eventStreamOperation<Context>(events.scope)], shared.limits);
  const described: readonly Route<Context>[] = [...served, ...(stream ?? [])];
  const document = openApiOf(described, version);

  serveAt(app, shared, [
    ...served.map((route): Place => {
      const { method, path, lane, quota, operation } = route;
      return { method, path, terms: { scope: operation.scope, quota, lane }, handler: serve(shared, route) };
    }),
    ...(events === undefined
      ? []
      : [
          {
            ...at('/events/stream', serveEvents(shared, events)),
            terms: { scope: events.scope, quota: 'stream' } as const,
          },
        ]),
    ...mountedAt(app, shared, options.mounts ?? []),
    ...selfDescription(version, document, described),
  ]);

  let stopping: Promise<void> | undefined;
  return {
    listen: async (host, port, { next_free = false } = {}) => {
      const address = await bind(app, host, port, next_free ? shared.limits.portsTriedMax : 1);
      return { ...address, moved: port !== 0 && address.port !== port };
    },
    address: () => addressOf(app.server),
    document,
    close: (grace_ms) => {
      stopping ??= stop(shared, app, grace_ms);
      return stopping;
    },
  };
};
