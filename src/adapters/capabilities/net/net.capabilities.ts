import { z } from 'zod';
import type { Capability } from '../../../ports.ts';
import { capability, type Answer, type Call, type Definition } from '../define.ts';
import { failure, type Failure } from '../failure.ts';
import { capabilityFaults, type Fetched, type GuardedFetch, type GuardedRequest } from './guarded.fetch.ts';
import {
  headersMax,
  headerValueCharsMax,
  resultCharsDefault,
  resultCharsMax,
  sentCharsMax,
  totalMsMax,
  urlCharsMax,
} from './limits.ts';
import { requestUrl, spelled } from './redirects.ts';

export interface NetSettings {
  readonly http: GuardedFetch;
  /** Hosts (with a port, where it is not the usual one) that keep `Idempotency-Key`, by the operator's word. */
  readonly idempotent_hosts?: readonly string[];
}

/** Names that frame a message, or say who speaks to whom: ours to set. */
const reserved =
  /^(?:host|content-length|transfer-encoding|connection|keep-alive|upgrade|te|trailer|expect|accept-encoding|idempotency-key|proxy-.*)$/;

const Headers = z
  .record(
    z
      .string()
      .regex(/^[a-z0-9-]{1,64}$/, 'a lower-case header name')
      .refine((name) => !reserved.test(name), 'this header is not the caller’s to set'),
    z
      .string()
      .max(headerValueCharsMax)
      .regex(/^[\t\x20-\x7e]*$/, 'printable ASCII on one line'),
  )
  .refine((headers) => Object.keys(headers).length <= headersMax, `at most ${headersMax} headers`);

const Asked = z.strictObject({
  url: z
    .string()
    .max(urlCharsMax)
    .refine((text) => typeof requestUrl(text) !== 'string', 'an http or https URL without user or password')
    .overwrite(spelled),
  headers: Headers.optional(),
  max_chars: z.int().min(1).max(resultCharsMax).optional(),
});
const Sent = Asked.extend({ body: z.string().max(sentCharsMax), content_type: z.string().max(100).optional() });

const Answered = z.strictObject({
  status: z.int(),
  url: z.string(),
  content_type: z.string(),
  headers: z.record(z.string(), z.string()),
  body: z.string(),
  /** Of the whole body, unpacked. */
  bytes: z.int(),
  truncated: z.boolean(),
});

type Told = Answer<z.input<typeof Answered>, never>;

/** What may be done again although it may have been done. */
interface Manner {
  readonly changes: boolean;
  readonly repeatable: boolean;
}

const passing: ReadonlySet<string> = new Set(['unreachable', 'timeout', 'broke_off']);

const retryAfterMs = (headers: Readonly<Record<string, string>>): { readonly retry_after_ms?: number } => {
  const seconds = Number(headers['retry-after'] ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? { retry_after_ms: Math.min(seconds, 86_400) * 1_000 } : {};
};

/** What a status that is no success comes to: refusals of 4xx did nothing, of 5xx nobody knows. */
const refusedBy = ({ status, headers, body }: Extract<Fetched, { ok: true }>, manner: Manner): Failure => {
  const fault =
    status === 404 || status === 410
      ? 'not_found'
      : status === 401 || status === 403
        ? 'permission_denied'
        : status === 429
          ? 'rate_limited'
          : status === 408
            ? 'timeout'
            : status >= 500
              ? 'third_party'
              : 'failed';
  const happened = manner.changes && (status >= 500 || status === 408 || status < 400) ? 'unknown' : 'no';
  const retryable = (status >= 500 || status === 429 || status === 408) && (happened === 'no' || manner.repeatable);
  const message = `the server answered ${status}: ${body.subarray(0, 300).toString('utf8')}`;
  return failure(fault, message, { happened, retryable, ...retryAfterMs(headers) });
};

const kept: ReadonlySet<string> = new Set([
  ...['content-type', 'content-length', 'last-modified', 'etag', 'location', 'date', 'expires'],
  ...['cache-control', 'retry-after', 'link', 'content-language'],
]);

const answerOf = (fetched: Fetched, charsMax: number, manner: Manner): Told => {
  if (!fetched.ok) {
    const happened = manner.changes && fetched.sent ? 'unknown' : 'no';
    const retryable = passing.has(fetched.fault) && (happened === 'no' || manner.repeatable);
    return failure(capabilityFaults[fetched.fault], fetched.message, { happened, retryable });
  }
  const { status, url, headers, body } = fetched;
  if (status < 200 || status > 299) return refusedBy(fetched, manner);
  const text = body.toString('utf8');
  const shown = Object.entries(headers).filter(([name]) => kept.has(name));
  const result = {
    status,
    url,
    content_type: headers['content-type'] ?? '',
    headers: Object.fromEntries(shown.map(([name, value]) => [name, value.slice(0, headerValueCharsMax)])),
    body: text.slice(0, charsMax).toWellFormed(),
    bytes: body.length,
    truncated: text.length > charsMax,
  };
  return { ok: true, result };
};

const call = async (
  http: GuardedFetch,
  request: Omit<GuardedRequest, 'signal'>,
  args: z.output<typeof Asked>,
  { signal }: Call,
  manner: Manner,
): Promise<Told> => answerOf(await http.fetch({ ...request, signal }), args.max_chars ?? resultCharsDefault, manner);

const sending =
  (http: GuardedFetch, method: 'POST' | 'PUT', repeatable: boolean) =>
  async (args: z.output<typeof Sent>, told: Call): Promise<Told> => {
    const type = args.content_type ?? 'application/json';
    if (!/^[\x20-\x7e]+$/.test(type)) return failure('invalid_arguments', 'a media type is printable ASCII');
    const own = method === 'POST' ? { 'idempotency-key': told.key } : {};
    const headers = { ...args.headers, 'content-type': type, ...own };
    return call(http, { url: args.url, method, headers, body: args.body }, args, told, { changes: true, repeatable });
  };

const usual = { operation: 'network', result: Answered, timeout_ms: totalMsMax, tags: ['net', 'http'] } as const;
const nobodyUndoes = { justification: 'what another system does on a request cannot be taken back from here' };

const writes = (
  id: string,
  name: string,
  description: string,
  method: 'POST' | 'PUT',
  effect_class: 'unkeyed' | 'keyed' | 'natural',
  http: GuardedFetch,
): Definition<typeof Sent, typeof Answered, never> => ({
  ...usual,
  capability_id: id,
  name,
  description,
  risk: nobodyUndoes,
  side_effects: { scope: 'external', description: 'whatever the server does with it' },
  effect_class,
  parameters: Sent,
  invoke: sending(http, method, effect_class !== 'unkeyed'),
});

/**
 * `net.http.get`, `post` and `put` (requirements W82, A42), and where the operator names hosts that keep idempotency keys,
 * `post_idempotent` for those alone: how often something is done is a promise of the server's, so it is a capability of
 * its own, which may be tried again. Sending is critical, for nothing undoes it (requirements W91).
 */
export const netCapabilities = ({ http, idempotent_hosts = [] }: NetSettings): readonly Capability[] => {
  const hosts = new Set(idempotent_hosts.map((host) => host.toLowerCase()));
  const keyed = writes(
    'net.http.post_idempotent',
    'HTTP POST to a host that keeps idempotency keys',
    `Sends a body to one of: ${[...hosts].join(', ').slice(0, 1_000)}`,
    'POST',
    'keyed',
    http,
  );
  return [
    capability({
      ...usual,
      capability_id: 'net.http.get',
      name: 'HTTP GET',
      description: `Fetches a public URL; answers the first ${resultCharsDefault} characters unless more are asked for`,
      risk: { level: 'medium', justification: 'reads, but the address itself may carry something out' },
      side_effects: { reversible: true, scope: 'network', description: 'the server sees the request' },
      effect_class: 'read',
      parameters: Asked,
      invoke: (args, told) =>
        call(http, { url: args.url, method: 'GET', headers: args.headers ?? {} }, args, told, {
          changes: false,
          repeatable: true,
        }),
    }),
    capability(writes('net.http.post', 'HTTP POST', 'Sends a body to a URL', 'POST', 'unkeyed', http)),
    capability(
      writes('net.http.put', 'HTTP PUT', 'Puts a body at a URL, as often as it takes', 'PUT', 'natural', http),
    ),
    ...(hosts.size === 0
      ? []
      : [
          capability({
            ...keyed,
            invoke: (args, told) =>
              hosts.has(new URL(args.url).host)
                ? keyed.invoke(args, told)
                : failure('permission_denied', 'this host does not promise to keep idempotency keys'),
          }),
        ]),
  ];
};
