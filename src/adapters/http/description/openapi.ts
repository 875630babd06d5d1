import { isDeepStrictEqual } from 'node:util';
import type { AnyOperation } from '../../../domain/kernel/operation.ts';
import { parametersIn } from '../intake/input.ts';
import { fieldsOf, jsonSchemaOf, type JsonSchema } from '../intake/json.schema.ts';
import {
  answerHeaders,
  answerHeadersOf,
  description,
  requestHeaders,
  securitySchemes,
  type RequestHeader,
} from './openapi.parts.ts';
import { codesOf, problemExamples, problemResponses, problemSchema } from './openapi.problems.ts';
import type { Route } from '../route.ts';

type Schemas = Record<string, unknown>;

/** Points `#/$defs/X` to where the document keeps X. */
const repointed = (value: unknown, names: ReadonlyMap<string, string>): unknown => {
  if (Array.isArray(value)) return value.map((item) => repointed(item, names));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) =>
      name === '$ref' && typeof member === 'string'
        ? [name, `#/components/schemas/${names.get(member.slice('#/$defs/'.length)) ?? member}`]
        : [name, repointed(member, names)],
    ),
  );
};

/** A schema for use in the document: what it defines by name goes to the components, once. */
const shared = (schema: JsonSchema, schemas: Schemas, io: 'input' | 'output'): JsonSchema => {
  const { $defs = {}, $schema: _, ...root } = schema;
  const names = new Map<string, string>();
  for (const name of Object.keys($defs)) names.set(name, name);
  for (const [name, definition] of Object.entries($defs)) {
    const known = schemas[name];
    if (known !== undefined && !isDeepStrictEqual(known, repointed(definition, names)))
      names.set(name, `${name}_${io}`);
  }
  for (const [name, definition] of Object.entries($defs))
    schemas[names.get(name) ?? name] = repointed(definition, names);
  return repointed(root, names) as JsonSchema;
};

const without = (schema: JsonSchema, names: readonly string[]): JsonSchema => {
  const { properties, required, anyOf, oneOf, allOf, ...rest } = schema;
  const branch = (branches: readonly JsonSchema[] | undefined) => branches?.map((each) => without(each, names));
  const said = {
    ...rest,
    properties: properties && Object.fromEntries(Object.entries(properties).filter(([name]) => !names.includes(name))),
    required: required?.filter((name) => !names.includes(name)),
    anyOf: branch(anyOf),
    oneOf: branch(oneOf),
    allOf: branch(allOf),
  };
  return Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined));
};

const omitted = (input: unknown, names: readonly string[]): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(input as object).filter(([name]) => !names.includes(name)));

const headersTaken = <Context>({ operation }: Route<Context>): readonly RequestHeader[] => {
  const { kind, keyed, guarded, reads, text } = operation;
  if (kind === 'command')
    return [
      keyed === true ? 'IdempotencyKeyRequired' : 'IdempotencyKey',
      guarded === true ? 'IfMatchRequired' : 'IfMatch',
      'RequestId',
    ];
  if (text === 'text/event-stream') return ['LastEventId', 'RequestId'];
  return [...(reads === undefined ? [] : (['MinPosition', 'Prefer'] as const)), 'IfNoneMatch', 'RequestId'];
};

const parameters = <Context>(route: Route<Context>, input: JsonSchema): readonly object[] => {
  const inPath = parametersIn(route.path);
  const fields = fieldsOf(input);
  const example = (route.operation.examples[0]?.input ?? {}) as Readonly<Record<string, unknown>>;
  const bodied = ['POST', 'PUT', 'PATCH'].includes(route.method);
  const named = Object.entries(fields).filter(([name]) => inPath.includes(name) || !bodied);
  return [
    ...named.map(([name, schema]) => ({
      name,
      in: inPath.includes(name) ? 'path' : 'query',
      required: inPath.includes(name) || input.required?.includes(name) === true,
      ...(schema.description === undefined ? {} : { description: schema.description }),
      schema,
      ...(schema.type === 'array' ? { style: 'form', explode: false } : {}),
      ...(example[name] === undefined ? {} : { example: example[name] }),
    })),
    ...headersTaken(route).map((name) => ({ $ref: `#/components/parameters/${name}` })),
  ];
};

const requestBody = <Context>({ operation, method, path }: Route<Context>, input: JsonSchema): object => {
  const inPath = parametersIn(path);
  if (!['POST', 'PUT', 'PATCH'].includes(method)) return {};
  const schema = without(input, inPath);
  const examples: Readonly<Record<string, object>> = Object.fromEntries(
    operation.examples.map(({ title, input: given }, index) => [
      `example_${index + 1}`,
      { summary: title, value: omitted(given, inPath) },
    ]),
  );
  const required = (schema.required?.length ?? 0) > 0;
  return {
    requestBody: {
      required,
      content: {
        'application/json': { schema, ...(operation.examples.length > 0 && { examples }) },
      },
    },
  };
};

const answered = <Context>({ operation }: Route<Context>, schemas: Schemas): object => {
  const { kind, text, bytes, stream, output } = operation;
  const said: object =
    bytes === true
      ? { '*/*': { schema: { type: 'string', format: 'binary' } } }
      : text === undefined
        ? { 'application/json': { schema: shared(jsonSchemaOf(output, 'output'), schemas, 'output') } }
        : { [text]: { schema: { type: 'string' } } };
  const pieces = { 'text/event-stream': { schema: { type: 'string', description: 'Pieces, and last `done`.' } } };
  const headers = answerHeadersOf[kind];
  return {
    [kind === 'query' ? '200' : '2XX']: {
      description: kind === 'query' ? 'The answer.' : 'Done (200), made (201), or begun (202).',
      headers: Object.fromEntries(headers.map((name) => [name, { $ref: `#/components/headers/${name}` }])),
      content: stream === undefined ? said : { ...said, ...pieces },
    },
  };
};

const operationOf = <Context>(route: Route<Context>, schemas: Schemas): object => {
  const { operation, path } = route;
  const { name, summary, scope, http, cli, mcp } = operation;
  const isAlias = path !== http.path;
  const input = shared(jsonSchemaOf(operation.input, 'input'), schemas, 'input');
  return {
    operationId: isAlias ? `${name}_as_${path.replaceAll(/\W+/g, '_').replaceAll(/^_|_$/g, '')}` : name,
    tags: [http.tag],
    summary: isAlias ? `${summary} (also at ${http.path})` : summary,
    ...(operation.description === undefined ? {} : { description: operation.description }),
    security: scope === null ? [] : [{ bearer: [scope] }, { aos_key: [scope] }],
    parameters: parameters(route, input),
    ...requestBody(route, input),
    responses: { ...answered(route, schemas), ...problemResponses(codesOf(operation)) },
    'x-acta': { scope, ...(cli === undefined ? {} : { cli }), ...(mcp === undefined ? {} : { mcp_tool: mcp.tool }) },
  };
};

/** The OpenAPI 3.1 document of a list of routes: everything in it is read from the operations and the catalogues. */
export const openApiOf = <Context>(routes: readonly Route<Context>[], version: string): object => {
  const schemas: Schemas = { Problem: problemSchema };
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes) (paths[route.path] ??= {})[route.method.toLowerCase()] = operationOf(route, schemas);
  const tags = [...new Set(routes.map(({ operation }: { operation: AnyOperation<Context> }) => operation.http.tag))];
  return {
    openapi: '3.1.0',
    info: { title: 'Acta', version, description },
    jsonSchemaDialect: 'https://json-schema.org/draft/2020-12/schema',
    servers: [{ url: '/' }],
    tags: tags.map((name) => ({ name })),
    paths,
    components: {
      schemas,
      securitySchemes,
      headers: answerHeaders,
      parameters: requestHeaders,
      examples: problemExamples(),
    },
  };
};
