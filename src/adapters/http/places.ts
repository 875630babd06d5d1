import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Method } from '../../domain/kernel/operation.ts';
import { problem } from '../../problems.ts';
import { respond, say } from './answers/respond.ts';
import { entrance, type Terms } from './entrance/entrance.ts';
import type { Surface } from './surface.ts';

const methods = ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT'] as const;

/** Something that is answered: at an address, on terms. */
export interface Place {
  readonly method: Method;
  /** With parameters as `{name}`. */
  readonly path: string;
  readonly terms: Terms;
  readonly handler: (request: FastifyRequest, reply: FastifyReply) => unknown;
}

/** A path as the router writes it; a colon of ours is doubled there. */
const routed = (path: string): string => path.replaceAll(':', '::').replaceAll(/\{(\w+)\}/g, ':$1');

/** Paths are the same address whatever their parameters are called. */
const shapeOf = (path: string): string => path.replaceAll(/\{\w+\}/g, '{}');

/**
 * Puts every place on the router, and refuses at each address the methods that it does not have, with a list of those it
 * has (RFC 9110, 15.5.6).
 */
export const serveAt = <Context>(app: FastifyInstance, surface: Surface<Context>, places: readonly Place[]): void => {
  for (const { method, path, terms, handler } of places)
    app.route({ method, url: routed(path), onRequest: entrance(surface, terms), handler });

  for (const [, there] of Map.groupBy(places, ({ path }) => shapeOf(path))) {
    const [first] = there;
    if (first === undefined) continue;
    const had = new Set<string>(['OPTIONS', ...there.map(({ method }) => method)]);
    if (had.has('GET')) had.add('HEAD');
    const allow = [...had].toSorted().join(', ');
    const url = routed(first.path);
    app.options(url, (_, reply) => {
      respond(reply, 204, { Allow: allow });
    });
    app.route({
      url,
      method: methods.filter((method) => !had.has(method)),
      exposeHeadRoute: false,
      onRequest: (request, reply) => {
        say(request, 'Allow', allow);
        surface.refuse(request, reply, problem('method_not_allowed', `${request.method} is not among ${allow}`));
      },
      handler: () => undefined,
    });
  }
};
