import { ProtocolError, ProtocolErrorCode, ResourceNotFoundError, UriTemplate } from '@modelcontextprotocol/server';
import type { ReadResourceResult } from '@modelcontextprotocol/server';
import { permits } from '../../domain/kernel/operation.ts';
import { addressOf } from './arguments.ts';
import { mcpLimits } from './limits.ts';
import type { ProtocolServer } from './protocol.ts';
import { isFixed, knownKinds, pageKind, type KnownKind } from './resource.kinds.ts';
import { membersOf } from './result.ts';
import type { McpOperation } from './tool.ts';
import type { Visit } from './visit.ts';

/** The pages of the manual by their names, as they are read from wherever they lie. */
export type Manual = ReadonlyMap<string, () => Promise<string>>;

type Caller = Pick<Visit, 'principal' | 'ask'>;

const json = 'application/json';
const markdown = 'text/markdown';
const annotations = { audience: ['assistant' as const], priority: 0.5 };
const pageUri = (slug: string): string => `acta://docs/${slug}`;

/** The one kind that an address is of, and the parameters in it. The fixed ones come before those that would take their name. */
const kindOf = (
  kinds: readonly KnownKind[],
  uri: string,
): { readonly kind: KnownKind; readonly given: Readonly<Record<string, unknown>> } | undefined => {
  for (const kind of kinds) {
    if (isFixed(kind) ? kind.template !== uri : false) continue;
    const given = isFixed(kind) ? {} : matched(kind.template, uri);
    if (given !== null) return { kind, given };
  }
  return undefined;
};

/** Undefined for what is no text in percent-encoding. */
const decoded = (text: string): string | undefined => {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
};

const matched = (template: string, uri: string): Readonly<Record<string, string>> | null => {
  const [path = '', query = ''] = uri.split('?');
  const [fixed = ''] = template.split('{?');
  const found = new UriTemplate(fixed).match(path);
  if (found === null) return null;
  const named = Object.entries(found).map(([name, value]) => [name, decoded([value].flat().join('/'))]);
  if (named.some(([, value]) => value === undefined)) return null;
  return Object.fromEntries([...named, ...new URLSearchParams(query)]) as Record<string, string>;
};

const missing = (uri: string): never => {
  throw new ResourceNotFoundError(uri);
};

/** Reads one resource for whoever asks; what their key may not read is refused as over HTTP. */
const read = async (
  kinds: readonly KnownKind[],
  manual: Manual,
  { ask }: Caller,
  uri: string,
  signal: AbortSignal,
): Promise<ReadResourceResult> => {
  const page = manual.get(uri.startsWith(pageUri('')) ? uri.slice(pageUri('').length) : '');
  if (page !== undefined) {
    const contents = [{ uri, mimeType: markdown, text: await page() }];
    return { contents, ttlMs: pageKind.keptMs, cacheScope: 'private' };
  }
  const found = kindOf(kinds, uri);
  if (found === undefined) return missing(uri);
  const { kind, given } = found;
  const address = addressOf(kind.answeredBy, { ...given, ...kind.also });
  if ('missing' in address) return missing(uri);
  const { status, body } = await ask({ method: 'GET', path: address.path, signal });
  if (status === 404) return missing(uri);
  if (status >= 400) {
    const problem = membersOf(body);
    throw new ProtocolError(
      ProtocolErrorCode.InvalidParams,
      `${String(problem['code'])}: ${String(problem['detail'])}`,
      problem,
    );
  }
  const ttlMs = given['revision'] === undefined ? kind.keptMs : (kind.fixedMs ?? kind.keptMs);
  return { contents: [{ uri, mimeType: json, text: body }], ttlMs, cacheScope: 'private' };
};

/** What a parameter may be completed to: the ids of the newest that begin so. */
const completed = async (
  kinds: readonly KnownKind[],
  operations: readonly McpOperation[],
  manual: Manual,
  { ask, principal }: Caller,
  name: string,
  begun: string,
): Promise<readonly string[]> => {
  if (name === 'slug') return [...manual.keys()].filter((slug) => slug.startsWith(begun));
  const kind = kinds.find(({ template }) => template.endsWith(`/{${name}}`));
  const noun = kind?.template.match(/^acta:\/\/(\w+)\//)?.[1] ?? '';
  const list = operations.find(({ http }) => http.method === 'GET' && http.path === `/${noun}`);
  if (list === undefined || !permits(principal.scopes, list.scope)) return [];
  const { status, body } = await ask({ method: 'GET', path: `${list.http.path}?limit=${mcpLimits.completionsMax}` });
  // The lists of the older interface name their rows by what they are; all others, `data`.
  const { data, [noun]: named = data } = status === 200 ? membersOf(body) : {};
  const rows: readonly Record<string, unknown>[] = Array.isArray(named) ? (named as Record<string, unknown>[]) : [];
  return rows.flatMap((row) => {
    const { [name]: id } = row;
    return typeof id === 'string' && id.startsWith(begun) ? [id] : [];
  });
};

/** Lets a server be read: what it has, by address, each as far as the caller's key permits. */
export const serveResources = (
  server: ProtocolServer,
  { operations, manual }: { readonly operations: readonly McpOperation[]; readonly manual: Manual },
  caller: Caller,
): void => {
  const kinds = knownKinds(operations);
  const permitted = kinds.filter(({ answeredBy }) => permits(caller.principal.scopes, answeredBy.scope));
  server.setRequestHandler('resources/list', () => ({
    resources: [
      ...permitted
        .filter(isFixed)
        .map(({ template, name, title }) => ({ uri: template, name, title, mimeType: json, annotations })),
      ...[...manual.keys()].map((slug) => ({ uri: pageUri(slug), name: slug, mimeType: markdown, annotations })),
    ],
  }));
  server.setRequestHandler('resources/templates/list', () => ({
    resourceTemplates: [
      ...permitted
        .filter((kind) => !isFixed(kind))
        .map(({ template, name, title }) => ({ uriTemplate: template, name, title, mimeType: json, annotations })),
      { uriTemplate: pageKind.template, name: pageKind.name, title: pageKind.title, mimeType: markdown, annotations },
    ],
  }));
  server.setRequestHandler('resources/read', ({ params }, { mcpReq }) =>
    read(kinds, manual, caller, params.uri, mcpReq.signal),
  );
  server.setRequestHandler('completion/complete', async ({ params }) => {
    const { name, value } = params.argument;
    const values = await completed(kinds, operations, manual, caller, name, value);
    return { completion: { values: values.slice(0, mcpLimits.completionsMax), hasMore: false } };
  });
};
