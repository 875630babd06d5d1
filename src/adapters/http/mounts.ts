import type { ServerResponse } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest, InjectOptions } from 'fastify';
import type { Answered } from '../../ports.ts';
import type { Mount, Visit } from './mount.ts';
import type { Place } from './places.ts';
import type { Surface } from './surface.ts';
import { through } from './through.ts';

/** What of a caller's headers says who they are, and where they come from. */
const carriedNames = ['host', 'authorization', 'x-aos-key', 'forwarded', 'x-forwarded-for', 'traceparent'] as const;

const asker =
  (app: FastifyInstance, { raw }: FastifyRequest): Visit['ask'] =>
  async ({ method, path, headers, body, over_mcp, signal }) => {
    const carried = Object.fromEntries(
      carriedNames.flatMap((name) => (typeof raw.headers[name] === 'string' ? [[name, raw.headers[name]]] : [])),
    );
    const asked: InjectOptions = {
      method,
      url: path,
      headers: { ...carried, accept: 'application/json', ...headers },
      ...(raw.socket.remoteAddress === undefined ? {} : { remoteAddress: raw.socket.remoteAddress }),
      ...(body === undefined ? {} : { payload: body as object }),
      ...(signal === undefined ? {} : { signal }),
    };
    const answer = await through(over_mcp, () => app.inject(asked));
    return { status: answer.statusCode, headers: answer.headers as Answered['headers'], body: answer.payload };
  };

/** What was said on the way becomes part of whatever the other protocol answers. */
const saidOn = (request: FastifyRequest, response: ServerResponse): void => {
  const said = request.said ?? [];
  for (let at = 0; at + 1 < said.length; at += 2) response.setHeader(said[at] ?? '', said[at + 1] ?? '');
};

/** The places of the protocols that are mounted: whoever is known may come, and each thing they ask for is judged by itself. */
export const mountedAt = <Context>(
  app: FastifyInstance,
  surface: Surface<Context>,
  mounts: readonly Mount[],
): readonly Place[] =>
  mounts.map(({ path, handle }) => ({
    method: 'POST',
    path,
    terms: { scope: null, known: true, quota: 'read' },
    handler: async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
      const { raw, body, caller } = request;
      if (caller === null) throw new Error('the entrance was not passed');
      reply.hijack();
      saidOn(request, reply.raw);
      try {
        const { principal } = caller;
        await handle({ request: raw, response: reply.raw, body, principal, ask: asker(app, request) });
      } catch (error) {
        surface.options.journal.error('mount_failed', { request_id: request.id, error: String(error) });
        if (reply.raw.headersSent) reply.raw.destroy();
        else reply.raw.writeHead(500).end();
      }
    },
  }));
