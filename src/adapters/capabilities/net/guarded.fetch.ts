import { Agent, type Dispatcher } from 'undici';
import type { CapabilityFault } from '../../../ports.ts';
import { allowedBy } from './address.rules.ts';
import { guardedConnect, systemResolve, Unreached, type Resolve } from './guarded.connect.ts';
import { bodyBytesMax, connectMsMax, headerBytesMax, headersMax, redirectsMax, totalMsMax } from './limits.ts';
import { redirected, requestUrl, type Hop } from './redirects.ts';
import { bodyOf, TooLarge } from './response.body.ts';

export interface GuardSettings {
  /** `host:port` or CIDR: what may be reached although it is not public, or on another port than 80 and 443. */
  readonly allow?: readonly string[];
  readonly resolve?: Resolve;
  readonly connect_timeout_ms?: number;
  readonly timeout_ms?: number;
}

export interface GuardedRequest {
  readonly url: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Lower-case names; what frames the message on the wire is not the caller's. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal: AbortSignal;
}

export type FetchFault = 'invalid' | 'denied' | 'unreachable' | 'timeout' | 'too_large' | 'broke_off';

/** What a request that came to nothing is to a capability. */
export const capabilityFaults = {
  invalid: 'invalid_arguments',
  denied: 'permission_denied',
  unreachable: 'unavailable',
  timeout: 'timeout',
  too_large: 'limit_exceeded',
  broke_off: 'third_party',
} as const satisfies Readonly<Record<FetchFault, CapabilityFault>>;

/** `sent` is whether some server may have heard of the request. */
export type Fetched =
  | {
      readonly ok: true;
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: Buffer;
      /** Where the answer came from, after redirections. */
      readonly url: string;
    }
  | { readonly ok: false; readonly fault: FetchFault; readonly message: string; readonly sent: boolean };

/** The one way out over HTTP, for capabilities and for whatever else calls a URL that somebody gave. */
export interface GuardedFetch {
  readonly fetch: (request: GuardedRequest) => Promise<Fetched>;
  readonly close: () => Promise<void>;
}

const plain = (headers: Dispatcher.ResponseData['headers']): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers)
      .slice(0, headersMax)
      .map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : (value ?? '')]),
  );

const headerOf = (headers: Dispatcher.ResponseData['headers'], name: string): string | undefined =>
  [headers[name]].flat()[0];

const faultOf = (error: unknown, sent: boolean, late: AbortSignal, wanted: AbortSignal): Fetched => {
  const failed = (fault: FetchFault, message: string, heard = sent): Fetched => ({
    ok: false,
    fault,
    message,
    sent: heard,
  });
  if (error instanceof Unreached) return failed(error.denied ? 'denied' : 'unreachable', error.message);
  if (wanted.aborted) return failed('timeout', 'the request was wanted no more', true);
  if (late.aborted) return failed('timeout', 'the server took too long', true);
  if (error instanceof TooLarge) return failed('too_large', error.message, true);
  const { code, message } = (error ?? {}) as { readonly code?: unknown; readonly message?: unknown };
  if (code === 'UND_ERR_INVALID_ARG') return failed('invalid', String(message));
  if (error instanceof TypeError) return failed('broke_off', error.message, true);
  return failed('broke_off', `the connection broke off (${typeof code === 'string' ? code : 'no code'})`, true);
};

/**
 * Fetches over http and https, and reaches nothing but public addresses and what is allowed by name (assurance 3.1 and
 * S35–S39): addresses are checked where they are connected to, redirections are followed one by one and checked like the
 * first request, and sizes and times are bounded. Never throws. Throws when made with an allowlist that is none.
 */
export const guardedFetch = (settings: GuardSettings = {}): GuardedFetch => {
  const connectMs = settings.connect_timeout_ms ?? connectMsMax;
  const agent = new Agent({
    connect: guardedConnect(allowedBy(settings.allow ?? []), settings.resolve ?? systemResolve, connectMs),
    maxHeaderSize: headerBytesMax,
    allowH2: false,
  });

  const once = (hop: Hop, signal: AbortSignal): Promise<Dispatcher.ResponseData> =>
    agent.request({
      origin: hop.url.origin,
      path: `${hop.url.pathname}${hop.url.search}`,
      method: hop.method,
      headers: { 'accept-encoding': 'gzip, br', 'user-agent': 'acta', ...hop.headers },
      body: hop.body ?? null,
      signal,
    });

  const fetch = async ({ url: text, method, headers = {}, body, signal: wanted }: GuardedRequest): Promise<Fetched> => {
    const url = requestUrl(text);
    if (typeof url === 'string') return { ok: false, fault: 'invalid', message: url, sent: false };
    const late = AbortSignal.timeout(settings.timeout_ms ?? totalMsMax);
    const signal = AbortSignal.any([late, wanted]);
    let hop: Hop = { url, method, headers, body };
    let sent = false;
    try {
      for (let hops = 0; hops <= redirectsMax; hops += 1) {
        const answer = await once(hop, signal);
        sent = true;
        const next = redirected(hop, answer.statusCode, headerOf(answer.headers, 'location'));
        if (next === undefined) {
          const encoding = headerOf(answer.headers, 'content-encoding');
          const bytes = await bodyOf(answer.body as AsyncIterable<Uint8Array>, encoding, bodyBytesMax);
          const { statusCode: status } = answer;
          return { ok: true, status, headers: plain(answer.headers), body: bytes, url: hop.url.href };
        }
        answer.body.on('error', () => undefined).destroy();
        if (typeof next === 'string') return { ok: false, fault: 'denied', message: next, sent };
        hop = next;
      }
      return { ok: false, fault: 'denied', message: `more than ${redirectsMax} redirections`, sent };
    } catch (error) {
      return faultOf(error, sent, late, wanted);
    }
  };
  return { fetch, close: () => agent.destroy() };
};
