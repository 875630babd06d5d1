import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { httpServer } from '../../src/adapters/http/server.ts';
import type { AnyOperation } from '../../src/domain/kernel/operation.ts';
import { problemKinds } from '../../src/problems.ts';
import { repertoire, type World } from './agents.repertoire.ts';
import { freshLog } from './event.source.ts';
import { running, unbound } from './running.server.ts';

interface Described {
  readonly operationId: string;
  readonly security: readonly object[];
  readonly parameters: readonly { readonly name?: string; readonly in?: string; readonly $ref?: string }[];
  readonly requestBody?: { readonly content: Record<string, { readonly schema: object; readonly examples?: object }> };
  readonly responses: Record<string, { readonly content?: Record<string, { readonly schema: object }> }>;
}

interface Document {
  readonly openapi: string;
  readonly paths: Record<string, Record<string, Described>>;
  readonly components: Record<string, Record<string, object>>;
}

/** The validator that comes with the reference page. */
const validate = async (document: object): Promise<{ readonly valid: boolean; readonly errors?: unknown }> => {
  const near = createRequire(createRequire(import.meta.url).resolve('@scalar/fastify-api-reference'));
  const parser = (await import(near.resolve('@scalar/openapi-parser'))) as {
    validate: (document: object) => Promise<{ valid: boolean; errors?: unknown }>;
  };
  return parser.validate(document);
};

const refsIn = (value: unknown): readonly string[] => {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) =>
    name === '$ref' && typeof member === 'string' ? [member] : refsIn(member),
  );
};

const served = async (): Promise<{ readonly document: Document; readonly url: string }> => {
  const { source } = await freshLog();
  const { ask, url } = await running({ events: source });
  return { document: (await (await ask('/openapi.json')).json()) as Document, url };
};

describe('the OpenAPI document', () => {
  it('is valid OpenAPI 3.1, and points at nothing that is not there', async () => {
    const { document } = await served();
    expect(document.openapi).toBe('3.1.0');
    expect(await validate(document)).toMatchObject({ valid: true, errors: [] });
    const broken = refsIn(document).filter(
      (ref) =>
        ref
          .slice(2)
          .split('/')
          .reduce<unknown>((at, step) => (at as Record<string, unknown>)[step], document) === undefined,
    );
    expect(broken).toEqual([]);
  });

  it('describes every operation and alias, with its scope, its parameters and its problems', async () => {
    const { document } = await served();
    const all = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { operationId }]) => `${method} ${path} ${operationId}`),
    );
    expect(all).toContain('get /agents/{id} read_agent');
    expect(all).toContain('put /agents/{id}/paused pause_agent_as_agents_id_paused');
    expect(all).toContain('get /events/stream stream_events');
    expect(all).toHaveLength(repertoire.length + 1 + 1 + 2);
    expect(new Set(all.map((line) => line.split(' ')[2])).size).toBe(all.length);

    const list = document.paths['/agents']!['get']!;
    expect(list.security).toEqual([{ bearer: ['agents:read'] }, { aos_key: ['agents:read'] }]);
    expect(list.parameters.map(({ name, $ref }) => name ?? $ref?.split('/').at(-1))).toEqual([
      'status',
      'limit',
      'newest_first',
      'name',
      'MinPosition',
      'Prefer',
      'IfNoneMatch',
      'RequestId',
    ]);
    const pause = document.paths['/agents/{id}/pause']!['post']!;
    expect(Object.keys(pause.responses)).toEqual(
      expect.arrayContaining(['2XX', '400', '401', '403', '404', '412', '422', '428']),
    );
    expect(pause.parameters[0]).toMatchObject({ name: 'id', in: 'path', required: true });
    expect(pause.requestBody?.content['application/json']?.schema).not.toHaveProperty('properties.id');
    const chat = document.paths['/chat']!['post']!;
    expect(Object.keys(chat.responses['2XX']!.content!)).toEqual(['application/json', 'text/event-stream']);
  });

  it('has one schema for what is named once', async () => {
    const { document } = await served();
    expect(document.components['schemas']).toHaveProperty('Agent');
    expect(document.paths['/agents/{id}']!['get']!.responses['200']!.content!['application/json']!.schema).toEqual({
      $ref: '#/components/schemas/Agent',
    });
  });

  it('has an example for every problem, and a page that explains it', async () => {
    const { document, url } = await served();
    expect(Object.keys(document.components['examples']!)).toEqual(Object.keys(problemKinds));
    for (const code of Object.keys(problemKinds)) {
      const answer = await fetch(`${url}/problems/${code}`);
      expect(await answer.json()).toMatchObject({
        code,
        status: problemKinds[code as keyof typeof problemKinds].status,
      });
    }
  });
});

describe('a list of operations that contradicts itself', () => {
  const [first, second] = repertoire as [AnyOperation<World>, AnyOperation<World>];
  const serving = (operation: AnyOperation<World>) => () => unbound({ operations: [first, operation] });

  it('is not served', () => {
    expect(serving({ ...second, http: first.http })).toThrow(
      'POST /agents is served by register_agent and by read_agent',
    );
    expect(serving({ ...second, http: { ...second.http, path: '/agents/{agent}' } })).toThrow('{agent}');
    expect(serving({ ...second, problems: ['bad_luck'] })).toThrow('bad_luck');
    expect(httpServer).toBeTypeOf('function');
  });
});

describe('the server', () => {
  it('says what it is and where to go on, to people and to programs', async () => {
    const { ask } = await running();
    const json = await ask('/', { headers: { authorization: '' } });
    expect(await json.json()).toMatchObject({
      name: 'acta',
      version: '0.0.0-test',
      links: { documentation: '/docs', openapi: '/openapi.json', agents: '/agents', health: '/health' },
    });
    const page = await ask('/', { headers: { accept: 'text/html,*/*' } });
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(await page.text()).toContain('<a href="/docs">');
  });

  it('shows a reference page that asks nobody else', async () => {
    const { ask } = await running();
    const page = await ask('/docs', { headers: { authorization: '' } });
    expect(page.headers.get('content-security-policy')).toMatch(/default-src 'none'.*connect-src 'self'/);
    const html = await page.text();
    expect(html).not.toMatch(/https?:\/\//);
    for (const [, src] of html.matchAll(/src="([^"]+)"/g)) {
      const script = await ask(src!);
      expect([script.status, script.headers.get('content-type')]).toEqual([200, 'text/javascript; charset=utf-8']);
      expect((await script.text()).length).toBeGreaterThan(100);
    }
    expect(await (await ask('/docs/start.js')).text()).toContain('"withDefaultFonts":false');
  });
});
