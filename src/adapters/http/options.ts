import type { AnyOperation, Principal, Problem } from '../../domain/kernel/operation.ts';
import type { Clock, EventLog, Idempotency, Journal, StoredEvent, Telemetry } from '../../ports.ts';
import type { Mount } from './mount.ts';
import type { HttpLimits, Quota, QuotaName } from './limits.ts';

/**
 * Says who asks. Missing and wrong credentials are refused alike (requirements C36). `loopback` is true when the caller
 * sits on this machine and nothing forwarded the request. Called for each request, and again while a stream is open.
 */
export type Authenticate = (
  credential: string | undefined,
  from: { readonly loopback: boolean },
) => Principal | Problem | Promise<Principal | Problem>;

/** How far a read model has got, once it reached a position or the time was up. */
export interface Progress {
  readonly reached: boolean;
  readonly position: bigint;
  readonly state?: string;
}

export type WaitFor = (
  required: bigint,
  wanted: { readonly projection: string; readonly wait_ms: number; readonly signal: AbortSignal },
) => Promise<Progress>;

/** The event stream: where events come from, and what of each a principal may see. */
export interface EventSource {
  readonly subscribe: EventLog['subscribe'];
  readonly head: EventLog['head'];
  /** With it, all readers share one subscription; without it, each opens its own. */
  readonly readAll?: EventLog['readAll'];
  readonly scope: string;
  /** The event as JSON data, or undefined where this principal may not see it. */
  readonly show: (event: StoredEvent, principal: Principal) => unknown;
}

/** All that the surface is made of. No adapter is known to it; wiring passes functions and data. */
export interface HttpOptions<Context> {
  readonly operations: readonly AnyOperation<Context>[];
  readonly context: Context;
  readonly authenticate: Authenticate;
  /** Callers without a key are served. Then only loopback names are answered: DNS rebinding ends here. */
  readonly keyless: boolean;
  readonly idempotency: Pick<Idempotency, 'begin' | 'finish' | 'abandon'>;
  readonly waitFor: WaitFor;
  readonly events?: EventSource;
  /** A thrown error as a problem; undefined for a bug, which is answered as `internal`. */
  readonly explain: (error: unknown) => Problem | undefined;
  readonly journal: Journal;
  readonly telemetry: Telemetry;
  readonly clock: Clock;
  /** Of the product, for the document and the welcome. */
  readonly version: string;
  /** Origins whose pages may ask, as `https://console.example`. None unless named. */
  readonly cors_origins?: readonly string[];
  /** False: nobody is counted. */
  readonly quotas?: Partial<Readonly<Record<QuotaName, Quota>>> | false;
  readonly limits?: Partial<HttpLimits>;
  /** Other protocols, at addresses of their own. */
  readonly mounts?: readonly Mount[];
  /** Every answer is checked against the operation's output schema. For tests: it costs, and a mismatch is a 500. */
  readonly check_outputs?: boolean;
}
