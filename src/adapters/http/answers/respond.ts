import type { FastifyReply, FastifyRequest } from 'fastify';

declare module 'fastify' {
  interface FastifyRequest {
    /** Headers of the answer that were decided on the way to it: name and value in turn. */
    said: string[] | null;
  }
}

/** Adds a header to whatever will be answered. */
export const say = (request: FastifyRequest, name: string, value: string): void => {
  (request.said ??= []).push(name, value);
};

/**
 * Writes a whole answer: what was said on the way, these headers, and a body. It goes past the framework's own sending,
 * which keeps headers in a table of its own and writes them from there; that costs a quarter of a small answer.
 */
export const respond = (
  reply: FastifyReply,
  status: number,
  headers: Readonly<Record<string, string>>,
  body?: string | Buffer,
): void => {
  const { raw, request } = reply;
  const written = request.said ?? [];
  for (const name in headers) written.push(name, headers[name] ?? '');
  if (body !== undefined) written.push('Content-Length', String(Buffer.byteLength(body)));
  reply.hijack();
  raw.writeHead(status, written);
  raw.end(body);
};
