import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { AnyOperation } from '../../../domain/kernel/operation.ts';
import { problem, problemKinds, type ProblemCode } from '../../../problems.ts';

const explained = z.strictObject({
  type: z.string(),
  code: z.string(),
  status: z.int(),
  title: z.string(),
  meaning: z.string(),
  retryable: z.boolean(),
});

const explanation = (code: ProblemCode): z.infer<typeof explained> => {
  const { status, title, help, ...kind } = problemKinds[code];
  return { type: `/problems/${code}`, code, status, title, meaning: help, retryable: 'retryable' in kind };
};

const isCode = (code: string): code is ProblemCode => Object.hasOwn(problemKinds, code);

/** The pages that the `type` of every problem points to: they resolve on the running server, without the internet. */
export const problemOperations = <Context>(): readonly AnyOperation<Context>[] => [
  {
    name: 'list_problems',
    kind: 'query',
    summary: 'List every problem there can be',
    scope: null,
    input: z.strictObject({}),
    output: z.strictObject({ data: z.array(explained) }),
    http: { method: 'GET', path: '/problems', tag: 'self' },
    examples: [{ title: 'All', input: {} }],
    run: () =>
      Promise.resolve({
        output: { data: (Object.keys(problemKinds) as ProblemCode[]).map((code) => explanation(code)) },
      }),
  },
  {
    name: 'read_problem',
    kind: 'query',
    summary: 'Explain a problem by its code',
    scope: null,
    input: z.strictObject({ code: z.string().max(64) }),
    output: explained,
    http: { method: 'GET', path: '/problems/{code}', tag: 'self' },
    examples: [{ title: 'A stale revision', input: { code: 'revision_conflict' } }],
    run: (_, { code }: { readonly code: string }) =>
      Promise.resolve(
        isCode(code) ? { output: explanation(code) } : problem('not_found', 'there is no problem of that name'),
      ),
  },
];

const doors = {
  documentation: '/docs',
  openapi: '/openapi.json',
  events: '/events',
  agents: '/agents',
  projections: '/projections',
  health: '/health',
  ready: '/ready',
  version: '/version',
  problems: '/problems',
} as const;

const said = 'An event-sourced runtime for governed agents.';

const page = (version: string, links: Readonly<Record<string, string>>): string => `<!doctype html>
<html lang="en">
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Acta</title><link rel="icon" href="data:,">
<style>body{font:16px/1.6 system-ui,sans-serif;max-width:40rem;margin:4rem auto;padding:0 1rem;color-scheme:light dark}</style>
<h1>Acta ${version}</h1>
<p>${said}</p>
<ul>${Object.entries(links)
  .map(([name, href]) => `<li><a href="${href}">${name}</a></li>`)
  .join('')}</ul>
</html>
`;

/** `GET /`: what this is and where to go on; a page for a browser, JSON for everyone else. Only doors that exist. */
export const welcome = (version: string, paths: ReadonlySet<string>) => {
  const links = Object.fromEntries(Object.entries(doors).filter(([, href]) => paths.has(href)));
  const json = JSON.stringify({ name: 'acta', version, description: said, links });
  const html = page(version, links);
  return ({ headers }: FastifyRequest): { readonly media: string; readonly body: string } =>
    headers.accept?.includes('text/html') === true
      ? { media: 'text/html; charset=utf-8', body: html }
      : { media: 'application/json; charset=utf-8', body: json };
};
