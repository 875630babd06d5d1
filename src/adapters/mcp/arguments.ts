import { digest } from '../../domain/kernel/digest.ts';
import { mcpLimits } from './limits.ts';
import { faultIn } from './problem.ts';
import type { OperationTool } from './tool.ts';
import type { Asking } from '../../ports.ts';

export type Arguments = Readonly<Record<string, unknown>>;

/** What to ask the server for, or the document of the problem with the arguments. */
export type Prepared =
  { readonly ok: true; readonly asking: Asking } | { readonly ok: false; readonly problem: Record<string, unknown> };

const no = (name: string, code: string, message: string): Prepared => ({
  ok: false,
  problem: faultIn(name, code, message),
});

const texts = (value: unknown): readonly string[] => {
  if (value === null || value === undefined) return [];
  if (Array.isArray(value)) return value.flatMap(texts);
  return [typeof value === 'object' ? JSON.stringify(value) : `${value as string | number | boolean}`];
};

const numbersIn = (value: unknown): readonly number[] => {
  if (typeof value === 'number') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(numbersIn) : [];
};

const parametersIn = (path: string): readonly string[] =>
  [...path.matchAll(/\{(\w+)\}/g)].flatMap(([, name]) => name ?? []);

/** What stands for a parameter in a path; undefined for what cannot, for a dot or two would name another address. */
const segment = (value: unknown): string | undefined => {
  const [text, ...more] = texts(value);
  return text === undefined || more.length > 0 || ['', '.', '..'].includes(text) ? undefined : encodeURIComponent(text);
};

/** An argument that HTTP says in a header: its name there, and the form that it has. */
interface Spoken {
  readonly header: string;
  readonly form: RegExp;
  readonly expected: string;
  readonly say: (text: string) => string;
}

const spoken: Readonly<Record<'idempotency_key' | 'revision' | 'min_position', Spoken>> = {
  idempotency_key: {
    header: 'idempotency-key',
    form: /^[\x21\x23-\x7e]{1,255}$/,
    expected: 'expected 1 to 255 visible characters',
    say: (text) => text,
  },
  revision: {
    header: 'if-match',
    form: /^\d{1,15}$/,
    expected: 'say which revision you have read',
    say: (text) => `"${text}"`,
  },
  min_position: {
    header: 'acta-min-position',
    form: /^\d{1,18}$/,
    expected: 'expected a position of the log',
    say: (text) => text,
  },
};

const spokenBy = ({ operation: { kind, guarded, reads } }: OperationTool): readonly (keyof typeof spoken)[] => {
  if (kind === 'command') return guarded === true ? ['idempotency_key', 'revision'] : ['idempotency_key'];
  return reads === undefined ? [] : ['min_position'];
};

interface Pathed {
  readonly path: string;
  /** What did not stand in the path. */
  readonly rest: Record<string, unknown>;
}
interface Unnamed {
  readonly missing: string;
}

/** The path with its parameters in it. */
const pathWith = (path: string, given: Arguments): Pathed | Unnamed => {
  const rest: Record<string, unknown> = { ...given };
  let address = path;
  for (const name of parametersIn(path)) {
    const text = segment(rest[name]);
    if (text === undefined) return { missing: name };
    address = address.replace(`{${name}}`, () => text);
    delete rest[name];
  }
  return { path: address, rest };
};

/** The address of a question with all that is asked in it, or the parameter of the path that is missing. */
export const addressOf = (
  { http }: Pick<OperationTool['operation'], 'http'>,
  given: Arguments,
): { readonly path: string } | Unnamed => {
  const found = pathWith(http.path, given);
  if ('missing' in found) return found;
  const query = Object.entries(found.rest).flatMap(([name, value]) =>
    texts(value).map((text): [string, string] => [name, text]),
  );
  return { path: query.length === 0 ? found.path : `${found.path}?${new URLSearchParams(query).toString()}` };
};

const unnamed = (name: string): Prepared => no(name, 'required', 'this says what is meant, and is missing');

const bodied: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH']);

/**
 * One call of a tool as the request that it stands for. What the arguments mean is judged by the server alone, as for any
 * request; only those are refused here that no request can be made of.
 */
export const prepared = (tool: OperationTool, given: Arguments): Prepared => {
  const { operation, input, shown } = tool;
  const { method, path } = operation.http;
  const stranger = Object.keys(given).find((name) => !Object.hasOwn(input.properties, name));
  if (stranger !== undefined) return no(stranger.slice(0, 64), 'unknown_field', 'there is no such field');
  const endless = Object.keys(given).find((name) => numbersIn(given[name]).some((number) => !Number.isFinite(number)));
  if (endless !== undefined) return no(endless, 'invalid', 'this number is too large for any number');
  const rest: Record<string, unknown> = { ...given };
  const headers: Record<string, string> = {};
  for (const name of spokenBy(tool)) {
    const { header, form, expected, say } = spoken[name];
    const { [name]: value } = rest;
    delete rest[name];
    if ((value === undefined || value === null) && name !== 'revision') continue;
    const text = typeof value === 'string' || Number.isSafeInteger(value) ? String(value) : '';
    if (!form.test(text)) return no(name, 'invalid', expected);
    headers[header] = say(text);
  }
  // Two calls that say the same are one: nobody decides twice because a connection was lost.
  if (operation.keyed === true) headers['idempotency-key'] ??= `mcp-${digest([shown.name, given])}`;
  if (bodied.has(method)) {
    const found = pathWith(path, rest);
    if ('missing' in found) return unnamed(found.missing);
    return { ok: true, asking: { method, path: found.path, headers, body: found.rest } };
  }
  const paged = Object.hasOwn(input.properties, 'limit') ? { limit: mcpLimits.rowsDefault, ...rest } : rest;
  const found = addressOf(operation, paged);
  return 'missing' in found ? unnamed(found.missing) : { ok: true, asking: { method, path: found.path, headers } };
};
