/**
 * What the core needs from the world, as types. Nothing here is made of anything but data and functions; every port has
 * one contract suite in `tests/contracts` that each of its adapters passes.
 */

import type { CapabilitySpec } from './domain/capability/capability.spec.ts';
import type { Message } from './domain/kernel/message.ts';
import type { OverMcp } from './domain/kernel/operation.ts';

// ── The log ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/** An event as the log holds it. Data and metadata are JSON; what a type means is the catalogue's business. */
export interface StoredEvent {
  readonly id: string;
  readonly type: string;
  readonly stream: string;
  /** Counted from 0 within the stream. */
  readonly revision: number;
  /** The place in the log's total order. Strictly increasing, with gaps. */
  readonly position: bigint;
  /** RFC 3339, UTC, milliseconds. Evidence only: order is the position's business, never time's. */
  readonly recorded_at: string;
  readonly data: unknown;
  readonly metadata: Readonly<Record<string, string>>;
}

export interface NewEvent {
  readonly id: string;
  readonly type: string;
  readonly data: unknown;
  readonly metadata: Readonly<Record<string, string>>;
}

/** What the writer believes the stream to be: its last revision, or one of EventStoreDB's three words. */
export type Expected = number | 'no_stream' | 'stream_exists' | 'any';

/** What the stream is: its last revision, or why it has none. */
export type Actual = number | 'no_stream' | 'deleted';

export type Appended =
  | { readonly ok: true; readonly revision: number; readonly position: bigint }
  | {
      readonly ok: false;
      readonly conflict: { readonly stream: string; readonly expected: Expected; readonly actual: Actual };
    };

export interface Write {
  readonly stream: string;
  readonly expected: Expected;
  readonly events: readonly NewEvent[];
}

export interface StreamMetadata {
  readonly max_count?: number;
  /** Seconds. */
  readonly max_age?: number;
  /** Events before this revision are hidden. */
  readonly truncate_before?: number;
  readonly custom?: Readonly<Record<string, unknown>>;
}

/** Which events of `$all` are wanted. `not_system` leaves out types and streams that begin with `$`. */
export type Filter =
  | { readonly by: 'type_prefix' | 'stream_prefix'; readonly prefixes: readonly string[] }
  | { readonly by: 'type_regex' | 'stream_regex'; readonly regex: string }
  | { readonly by: 'not_system' };

/**
 * What arrives of a subscription: events in log order, and the position up to which everything that matched has been
 * handed over. The reader saves `position` only when it has handled the batch. `live` is true once it has caught up.
 */
export interface Batch {
  readonly events: readonly StoredEvent[];
  readonly position: bigint;
  readonly live: boolean;
}

export interface ReadStream {
  /** First revision of the answer; `start` forwards, `end` backwards when left out. */
  readonly from?: number | 'start' | 'end';
  readonly direction?: 'forward' | 'backward';
  /** At most so many events in all. */
  readonly limit?: number;
}

export interface ReadAll {
  /** Forwards inclusive, backwards exclusive, as EventStoreDB has it. */
  readonly from?: bigint | 'start' | 'end';
  readonly direction?: 'forward' | 'backward';
  readonly limit?: number;
  readonly filter?: Filter;
}

export interface Subscribe {
  /** Exclusive: the first event is the one after this position. */
  readonly from: bigint | 'start' | 'end';
  readonly filter?: Filter;
  readonly signal: AbortSignal;
}

/**
 * The record. Pages are arrays of events in log order; a missing or soft-deleted stream reads as no pages.
 *
 * Errors are `LogError`s: `unavailable` (try again, the outcome of an append is unknown), `stream_deleted` (a tombstone),
 * `too_large`, `disk_full`, `corrupt` (a hash did not match, nothing of it was served), `invalid`.
 */
export interface EventLog {
  readonly append: (stream: string, expected: Expected, events: readonly NewEvent[]) => Promise<Appended>;
  /** All or none; `unsupported` where the server cannot. Each stream at most once. */
  readonly appendMany: (writes: readonly Write[]) => Promise<Appended>;
  readonly read: (stream: string, options?: ReadStream) => AsyncIterable<readonly StoredEvent[]>;
  readonly readAll: (options?: ReadAll) => AsyncIterable<readonly StoredEvent[]>;
  /** Ends when the signal is aborted; throws a LogError when the log is lost, and is then opened again by its reader. */
  readonly subscribe: (options: Subscribe) => AsyncIterable<Batch>;
  readonly remove: (stream: string, expected: Expected) => Promise<Appended>;
  readonly tombstone: (stream: string, expected: Expected) => Promise<Appended>;
  readonly metadata: (
    stream: string,
  ) => Promise<{ readonly metadata: StreamMetadata; readonly revision: number | 'no_stream' }>;
  readonly setMetadata: (stream: string, expected: Expected, metadata: StreamMetadata) => Promise<Appended>;
  /** The position of the newest event, -1 for an empty log. */
  readonly head: () => Promise<bigint>;
  readonly close: () => Promise<void>;
}

export type LogFault =
  | 'unavailable'
  | 'timeout'
  | 'stream_deleted'
  | 'too_large'
  | 'disk_full'
  | 'corrupt'
  | 'access_denied'
  | 'unsupported'
  | 'invalid';

/** The only errors a log throws. A class, because it must be one to be caught by kind. */
export class LogError extends Error {
  readonly fault: LogFault;
  constructor(fault: LogFault, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'LogError';
    this.fault = fault;
  }
}

/** Our own writers refuse an event beyond this; larger bodies are blobs (design 3, rule 6). */
export const eventBytesMax = 256 * 1024;
/** One append on the wire: data, metadata and twice the type's length, over all its events. */
export const appendBytesMax = 1024 * 1024;

// ── Models ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/** A request to a language model (requirements D80). `system` is the identity prompt and what else stands above the talk. */
export interface ModelRequest {
  readonly model: string;
  readonly system: string;
  readonly messages: readonly Message[];
  readonly max_tokens: number;
  readonly temperature?: number;
  readonly tools?: readonly { readonly name: string; readonly description: string; readonly input_schema: unknown }[];
}

export type ReplyBlock =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'tool_use'; readonly id: string; readonly name: string; readonly input: unknown };

/** What a model answered (requirements D81). `cost_micros` is null where no price is known; 0 means free. */
export interface ModelReply {
  readonly provider: string;
  /** False for the scripted model: it says of itself that it is none. */
  readonly is_language_model: boolean;
  readonly model: string;
  readonly blocks: readonly ReplyBlock[];
  readonly stop_reason: 'end_turn' | 'max_tokens' | 'tool_use' | 'stop_sequence' | 'refusal' | 'other';
  readonly usage: {
    readonly input_tokens: number;
    readonly output_tokens: number;
    readonly cache_read_tokens: number;
    readonly cache_write_tokens: number;
  };
  readonly cost_micros: number | null;
  readonly latency_ms: number;
}

/** The bounded taxonomy of requirements D82. */
/** Besides what a provider answers: `budget_exceeded`, where there was no room for the call and none was made. */
export type ModelFault =
  'disabled' | 'misconfigured' | 'provider_error' | 'timeout' | 'invalid_request' | 'budget_exceeded';

export type ModelOutcome =
  | { readonly ok: true; readonly reply: ModelReply }
  | {
      readonly ok: false;
      readonly fault: ModelFault;
      readonly message: string;
      readonly retryable: boolean;
      readonly retry_after_ms?: number;
    };

/**
 * One attempt at a model call: it never throws and never retries by itself, for retries are events. `onText` hears the
 * text as it comes; `onRestart` that what was heard is no part of the answer, which begins anew. An aborted signal ends
 * the call with `timeout`, not retryable.
 */
export interface Model {
  readonly provider: string;
  /** The model used where an agent names none. */
  readonly default_model: string;
  /** The most that a call can cost, in millionths of a US dollar; null where no price is known. */
  readonly cost_micros_max: (request: ModelRequest) => number | null;
  readonly complete: (
    request: ModelRequest,
    options: {
      readonly signal: AbortSignal;
      readonly onText?: (delta: string) => void;
      readonly onRestart?: () => void;
    },
  ) => Promise<ModelOutcome>;
}

// ── Processes ────────────────────────────────────────────────────────────────────────────────────────────────────────

/** A process instance as the roster knows it: derivable from the log, kept so that work can be found and shared. */
export interface ProcessEntry {
  readonly stream: string;
  readonly kind: string;
  /** When it wants to be asked again (epoch milliseconds); null when it waits for an event. */
  readonly due_at: number | null;
}

/** An instance as it stands: whose it is, until when, and what went wrong when it was last driven. */
export interface ProcessStanding extends ProcessEntry {
  readonly owner: string | null;
  readonly lease_until: number | null;
  readonly fault: string | null;
}

/** An instance that was taken. `lease` is of this taking alone: no earlier or later one of the same instance has it. */
export interface Lease {
  readonly stream: string;
  readonly lease: bigint;
}

/** How an instance is given back. */
export interface ProcessEnd {
  readonly stream: string;
  readonly kind: string;
  /** The lease under which it was driven; null where the roster was out of reach. */
  readonly lease: bigint | null;
  readonly due_at: number | null;
  readonly done: boolean;
  /** Why it could not be driven on; left out where nothing is wrong. */
  readonly fault?: string | null;
}

/**
 * Who drives what. A lease saves work; safety never needs it, because every append carries the expected revision.
 * Times are epoch milliseconds of the caller's clock.
 */
export interface Roster {
  /** Takes up to `limit` due instances that nobody holds, for `lease_ms`. */
  readonly claimDue: (
    owner: string,
    now: number,
    lease_ms: number,
    limit: number,
  ) => Promise<readonly (ProcessEntry & Lease)[]>;
  /** Takes these instances where nobody else holds them; answers what it got. What this owner held is under a new lease. */
  readonly claim: (
    owner: string,
    now: number,
    lease_ms: number,
    entries: readonly ProcessEntry[],
  ) => Promise<readonly Lease[]>;
  /** What is held under this name, whoever began it: a node that starts again takes its own back (decision 0005). */
  readonly held: (owner: string) => Promise<readonly ProcessEntry[]>;
  /** Extends the leases that still hold, and answers their streams. */
  readonly renew: (now: number, lease_ms: number, leases: readonly Lease[]) => Promise<readonly string[]>;
  /**
   * Gives instances back with their next due time, or forgets the ones that are done. One that was woken since it was
   * taken stays due at the earlier of the two, and is not forgotten. What is no longer held under its lease stays whose it
   * is; where it is not done, it becomes due no later than it is said to be, for whoever holds it need not know.
   */
  readonly release: (ends: readonly ProcessEnd[]) => Promise<void>;
  /**
   * Notes that these instances have something to do, in one transaction with the reader's checkpoint. Where the checkpoint
   * is there already, or further, another reader was faster, and nothing happens. One that is held under the lease in
   * `unless` is left as it is: its driver knows.
   */
  readonly wake: (
    entries: readonly (ProcessEntry & { readonly unless?: bigint })[],
    checkpoint: { readonly name: string; readonly position: bigint },
  ) => Promise<void>;
  /**
   * When `claimDue` may next find something: the earliest due time of instances nobody holds, or the end of a lease. It
   * may lie in the past. Undefined where nothing will be due without an event.
   */
  readonly nextDue: () => Promise<number | undefined>;
  /** What there is, at most so many: with a fault first, then by when somebody may take it. */
  readonly list: (limit: number) => Promise<readonly ProcessStanding[]>;
  readonly position: (name: string) => Promise<bigint | undefined>;
}

// ── Capabilities ─────────────────────────────────────────────────────────────────────────────────────────────────────

/** Something a capability leaves behind, beside its result: what kind of thing it is, and its content as JSON or as bytes. */
export interface ArtifactDraft {
  /** One of the closed taxonomy (requirements D60–D71), or `file` for what a capability made. */
  readonly type: string;
  readonly media_type: string;
  readonly content: Uint8Array | string;
}

/** Where something is kept, and how to know that it is the same (requirements D74). */
export interface ArtifactRef {
  readonly uri: string;
  /** `sha256:` and the hexadecimal digest of the bytes. */
  readonly digest: string;
  readonly bytes: number;
  readonly media_type: string;
}

/** One call of a capability. `key` is the same at every attempt; its effect class says what that is good for. */
export interface Invocation {
  /** Parsed by the capability's own schema. */
  readonly args: unknown;
  readonly key: string;
  readonly tenant: string;
  /** `agent:…` or `user:…`. */
  readonly principal: string;
  /** Aborted when the call takes longer than the spec allows, or is wanted no more. */
  readonly signal: AbortSignal;
  /** The matter of the call and the event of its intent: the cause of whatever a capability records itself. */
  readonly matter?: { readonly correlation_id: string; readonly causation_id?: string };
  /** Keeps something beside the result and says where; what is emitted is cited by the event that records the result. */
  readonly emit: (draft: ArtifactDraft) => Promise<ArtifactRef>;
}

/** Categories of faults a capability can answer with (requirements A50); bounded, never a raw exception. */
export type CapabilityFault =
  | 'invalid_arguments'
  | 'not_found'
  | 'already_exists'
  | 'permission_denied'
  | 'limit_exceeded'
  | 'timeout'
  | 'rate_limited'
  | 'unavailable'
  | 'third_party'
  | 'disabled'
  | 'failed'
  | 'internal';

/**
 * What a call came to. It never throws, and a failure is never said as a success (W75). `happened` of a failure: `no`
 * where nothing can have been done, `unknown` where something may have been. `undo` is handed to the capability's own
 * `undo` where the run rolls back: JSON of at most 64 KiB; what is larger is kept as an artifact and cited.
 */
export type Invoked =
  | {
      readonly ok: true;
      readonly result: unknown;
      readonly undo?: unknown;
      /** What it really cost, where that is known, in millionths of a US dollar. */
      readonly cost_micros?: number;
    }
  | {
      readonly ok: false;
      readonly fault: CapabilityFault;
      readonly message: string;
      readonly retryable: boolean;
      readonly happened: 'no' | 'unknown';
      readonly retry_after_ms?: number;
    };

/**
 * The code behind a registered spec. `accepts` parses arguments as `spec.parameters` says, and more exactly where JSON
 * Schema cannot. `undo` reverses one call from the `undo` it left, once. `happened` answers, for the effect class
 * `queryable`, whether a call under this key was done. `preconditions` names what a person who approves relies on.
 */
export interface Capability {
  readonly spec: CapabilitySpec;
  readonly accepts: (
    args: unknown,
  ) => { readonly ok: true; readonly args: unknown } | { readonly ok: false; readonly message: string };
  readonly invoke: (call: Invocation) => Promise<Invoked>;
  readonly undo?: (undo: unknown, call: Invocation) => Promise<Invoked>;
  readonly happened?: (
    call: Invocation,
  ) => Promise<{ readonly done: false } | { readonly done: true; readonly result: unknown }>;
  readonly preconditions?: (args: unknown) => Promise<Readonly<Record<string, unknown>>>;
  /** Why it cannot be used here (no sandbox, no server set); such a capability is registered as disabled, with the reason. */
  readonly unavailable?: string;
}

// ── What is kept beside the log ──────────────────────────────────────────────────────────────────────────────────────

/** The bounded errors of requirements D77. */
export type BlobFault =
  'disabled' | 'misconfigured' | 'storage_error' | 'not_found' | 'size_exceeded' | 'serialization';

/** The only errors a blob store throws. */
export class BlobError extends Error {
  readonly fault: BlobFault;
  constructor(fault: BlobFault, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'BlobError';
    this.fault = fault;
  }
}

/** Bytes by their content: the same bytes have the same address, whoever puts them (requirements D74–D78). */
export interface BlobStore {
  readonly name: string;
  /** At most 10,485,760 bytes; more is `size_exceeded`. Putting what is there already changes nothing. */
  readonly put: (tenant: string, bytes: Uint8Array, media_type: string) => Promise<ArtifactRef>;
  /** The bytes, checked against the digest in their address. */
  readonly get: (tenant: string, uri: string) => Promise<Uint8Array>;
  readonly exists: (tenant: string, uri: string) => Promise<boolean>;
}

// ── Sandboxes ────────────────────────────────────────────────────────────────────────────────────────────────────────

export type Ran =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly fault: 'timeout' | 'memory' | 'failed' | 'too_large'; readonly message: string };

/** Runs a piece of JavaScript that can reach nothing: JSON in, JSON out, within a time and a memory. */
export interface ScriptSandbox {
  readonly name: string;
  readonly run: (
    code: string,
    input: unknown,
    limits: { readonly timeout_ms: number; readonly memory_bytes: number },
    signal: AbortSignal,
  ) => Promise<Ran>;
  readonly close: () => Promise<void>;
}

export interface CommandRun {
  readonly command: string;
  readonly args: readonly string[];
  /** The only folder it sees of ours. */
  readonly workspace: string;
  readonly writable: boolean;
  readonly timeout_ms: number;
  readonly output_bytes_max: number;
}

export type CommandRan =
  | {
      readonly ok: true;
      readonly exit: number;
      readonly stdout: string;
      readonly stderr: string;
      readonly truncated: boolean;
    }
  | { readonly ok: false; readonly fault: 'timeout' | 'not_found' | 'failed'; readonly message: string };

/** Runs a command that sees no network, no environment, and of the file system only what it needs. */
export interface CommandSandbox {
  readonly name: string;
  readonly run: (run: CommandRun, signal: AbortSignal) => Promise<CommandRan>;
}

// ── Requests that name themselves ────────────────────────────────────────────────────────────────────────────────────

/** An answer as it was given, to be given again word for word. */
export interface KeptAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * `fresh`: do it, then finish or abandon it. `replay`: it was answered, thus. `in_progress`: somebody is at it.
 * `mismatch`: the key stands for another request.
 */
export type Begun =
  | { readonly state: 'fresh' }
  | { readonly state: 'replay'; readonly answer: KeptAnswer }
  | { readonly state: 'in_progress' }
  | { readonly state: 'mismatch' };

/**
 * The memory behind `Idempotency-Key`: 48 hours, for each principal its own. It spares work and keeps answers alike; that
 * nothing is done twice is the log's doing, whose event ids are derived from the key. So a request whose node died may be
 * given, after a minute, to whoever asks again.
 */
export interface Idempotency {
  /** `fingerprint` is a digest of all that makes the request that request. */
  readonly begin: (principal: string, key: string, fingerprint: string) => Promise<Begun>;
  /** Keeps the answer to a request in progress; the first one stands. */
  readonly finish: (principal: string, key: string, answer: KeptAnswer) => Promise<void>;
  /** Forgets a request in progress: its key may be used again. */
  readonly abandon: (principal: string, key: string) => Promise<void>;
  /** Forgets what is too old; answers how many requests that were. */
  readonly sweep: () => Promise<number>;
}

// ── Surfaces that stand in front of another ─────────────────────────────────────────────────────────────────────────────

/** One request to a server, as if it had come over the wire. */
export interface Asking {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** With its query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** What the call came through, where that is told apart; no caller can say it in a header. */
  readonly over_mcp?: OverMcp;
  readonly signal?: AbortSignal;
}

export interface Answered {
  readonly status: number;
  /** By their names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
}

// ── Small things ─────────────────────────────────────────────────────────────────────────────────────────────────────

/** The world's time and chance; the simulator brings its own. */
export interface Clock {
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** A new UUIDv7. */
  readonly id: () => string;
  /** In [0, 1). */
  readonly chance: () => number;
}

/** Logs. Write only: nothing ever decides by what was logged. Never able to fail its caller. */
export interface Journal {
  readonly debug: (event: string, fields?: Readonly<Record<string, unknown>>) => void;
  readonly info: (event: string, fields?: Readonly<Record<string, unknown>>) => void;
  readonly warn: (event: string, fields?: Readonly<Record<string, unknown>>) => void;
  readonly error: (event: string, fields?: Readonly<Record<string, unknown>>) => void;
}

/** Traces and numbers. Write only, off the hot path, never able to fail its caller. */
export interface Telemetry {
  readonly count: (name: string, labels?: Readonly<Record<string, string>>, by?: number) => void;
  readonly observe: (name: string, value: number, labels?: Readonly<Record<string, string>>) => void;
  readonly gauge: (name: string, value: number, labels?: Readonly<Record<string, string>>) => void;
  /** Begins to measure a time; what it answers is called at its end, and observes the seconds between. */
  readonly timer: (name: string, labels?: Readonly<Record<string, string>>) => () => void;
  /** Runs work in a span; `traceparent` continues a trace recorded in an event's metadata. */
  readonly span: <T>(
    name: string,
    attributes: Readonly<Record<string, string | number | boolean>>,
    work: () => Promise<T>,
    traceparent?: string,
  ) => Promise<T>;
  /** The W3C traceparent of the current span, if one is sampled. */
  readonly traceparent: () => string | undefined;
}
