/**
 * What the embedded log's store offers inside its own thread: bytes in, bytes out, EventStoreDB's semantics. Two fronts
 * stand on it, the `EventLog` port and the gRPC protocol; neither touches SQLite.
 */

import type { Expected } from '../../ports.ts';

/** An event as it lies in the store. Positions are counted 1, 2, 3 …, so that a number holds every one. */
export interface StoredRecord {
  readonly position: number;
  readonly stream: string;
  /** `tombstoneRevision` for a `$streamDeleted` event. */
  readonly revision: number;
  /** Lower-case UUID. */
  readonly id: string;
  readonly type: string;
  /** Microseconds since 1970. */
  readonly created_us: number;
  readonly is_json: boolean;
  readonly data: Uint8Array;
  readonly metadata: Uint8Array;
}

/** Stands for int64 max, which no JavaScript number can hold. */
export const tombstoneRevision = Number.MAX_SAFE_INTEGER;

export interface Proposal {
  readonly id: string;
  readonly type: string;
  readonly is_json: boolean;
  readonly data: Uint8Array;
  readonly metadata: Uint8Array;
}

export interface StoreWrite {
  readonly stream: string;
  readonly expected: Expected;
  readonly events: readonly Proposal[];
}

/** What became of a write; the order of the rules is IndexWriter.CheckCommit's. */
export type StoreOutcome =
  | {
      readonly is: 'appended';
      readonly revisions: readonly number[];
      readonly position: number;
      readonly again: boolean;
    }
  | {
      readonly is: 'wrong_expected_version';
      readonly stream: string;
      readonly expected: Expected;
      readonly actual: number | 'no_stream';
    }
  | { readonly is: 'stream_deleted'; readonly stream: string }
  | { readonly is: 'too_large'; readonly bytes: number; readonly bytesMax: number }
  | { readonly is: 'invalid'; readonly message: string }
  /** Nothing of the group was recorded and the store is read-only until there is room again. */
  | { readonly is: 'disk_full' }
  /** A write or fsync failed: the outcome is unknown, and the process must end and recover from disk. */
  | { readonly is: 'failed'; readonly message: string };

export type StoreFilter =
  | { readonly by: 'type_prefix' | 'stream_prefix'; readonly prefixes: readonly string[] }
  | { readonly by: 'type_regex' | 'stream_regex'; readonly regex: RegExp }
  | { readonly by: 'not_system' };

export type StreamPage =
  | {
      readonly is: 'events';
      readonly events: readonly StoredRecord[];
      readonly last: number;
      /** First revision of the next page. */ readonly next: number | undefined;
    }
  | { readonly is: 'not_found' }
  | { readonly is: 'deleted' };

export interface AllPage {
  readonly events: readonly StoredRecord[];
  /** Position up to which (inclusive, in reading direction) everything was considered, matching or not. */
  readonly considered: number;
  /** How many events were looked at: checkpoints of filtered subscriptions are counted by it. */
  readonly scanned: number;
  readonly end: boolean;
}

/**
 * Reads are synchronous and bounded by `limit`; appends settle after the group they travelled in is durable, and
 * listeners hear of events only then (assurance P5). A record whose hash does not match is never handed out: the read
 * throws a `LogError('corrupt')` and the store becomes read-only (assurance F33).
 */
export interface Storage {
  readonly append: (writes: readonly StoreWrite[]) => Promise<StoreOutcome>;
  /** Soft delete: `$tb` to int64 max in `$$stream`. */
  readonly remove: (stream: string, expected: Expected) => Promise<StoreOutcome>;
  readonly tombstone: (stream: string, expected: Expected) => Promise<StoreOutcome>;
  /** `from` is inclusive in both directions; `$maxCount`, `$maxAge` and `$tb` are honoured. */
  readonly readStream: (
    stream: string,
    from: number | 'start' | 'end',
    direction: 'forward' | 'backward',
    limit: number,
  ) => StreamPage;
  /** Forwards: positions >= `from`. Backwards: positions < `from`. At most `limit` events are looked at. */
  readonly readAll: (
    from: number | 'start' | 'end',
    direction: 'forward' | 'backward',
    limit: number,
    filter?: StoreFilter,
  ) => AllPage;
  /** Position of the newest durable event, 0 for an empty store. */
  readonly head: () => number;
  /** Hears every durable group, in order; answers how to stop hearing. */
  readonly listen: (hear: (events: readonly StoredRecord[]) => void) => () => void;
  readonly close: () => Promise<void>;
}
