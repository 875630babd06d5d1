import { urlCharsMax } from './limits.ts';

/** One request of those that a redirect may make of it. */
export interface Hop {
  readonly url: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

const redirections: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
/** What may name who asks; another origin does not hear it. */
const credentials = /^(?:authorization|cookie|idempotency-key)$|token|secret|api-?key|auth/i;
const ofBody = /^content-/i;

/** A URL that may be asked for, or why it may not: http or https, nobody's name or password in it, a real port. */
export const requestUrl = (text: string): URL | string => {
  if (text.length > urlCharsMax) return `a URL has at most ${urlCharsMax} characters`;
  // The parser would drop these in silence, and what was approved would not be what is asked.
  if (/[\p{Cc}\s\\]/u.test(text)) return 'a URL has no spaces, control characters or backslashes';
  const url = URL.parse(text);
  if (url === null) return 'this is no URL';
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return 'a URL begins with http or https';
  if (url.username !== '' || url.password !== '') return 'a URL holds no user and no password';
  if (url.port === '0' || url.hostname === '') return 'a URL names a host, and a port above 0';
  url.hash = '';
  return url;
};

/** Escapes of characters that need none; what is left of one may make another. */
const unescaped = (text: string): string => {
  const plain = text.replaceAll(/%[0-9a-f]{2}/gi, (escape) => {
    const char = String.fromCharCode(Number.parseInt(escape.slice(1), 16));
    return /[\w.~-]/.test(char) ? char : escape.toUpperCase();
  });
  return plain === text ? text : unescaped(plain);
};

/** The one spelling of a URL that may be asked for: policies compare texts, and servers see through most of the others. */
export const spelled = (text: string): string => {
  const url = requestUrl(unescaped(text));
  if (typeof url === 'string') return text;
  url.hostname = url.hostname.replace(/\.$/, '');
  return url.href;
};

const without = (headers: Hop['headers'], names: RegExp): Hop['headers'] =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !names.test(name)));

/**
 * The request that follows an answer with a redirection, undefined where there is none, or why it is not followed
 * (assurance S36): no step down from https, nothing that writes sent on to another origin, and no credentials to one.
 */
export const redirected = (hop: Hop, status: number, location: string | undefined): Hop | string | undefined => {
  if (!redirections.has(status) || location === undefined) return undefined;
  const joined = URL.parse(location, hop.url.href);
  const url = joined === null ? 'a redirection leads to no URL' : requestUrl(joined.href);
  if (typeof url === 'string') return url;
  if (hop.url.protocol === 'https:' && url.protocol === 'http:') return 'a redirection leads from https to http';
  const becomesGet = status === 303 || (status !== 307 && status !== 308 && hop.method === 'POST');
  const method = becomesGet ? 'GET' : hop.method;
  const foreign = url.origin !== hop.url.origin;
  if (foreign && method !== 'GET') return 'a redirection leads what would be written to another origin';
  const kept = foreign ? without(hop.headers, credentials) : hop.headers;
  return {
    url,
    method,
    headers: method === 'GET' ? without(kept, ofBody) : kept,
    body: method === 'GET' ? undefined : hop.body,
  };
};
