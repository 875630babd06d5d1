import { randomUUID } from 'node:crypto';
import { appendBytesMax, LogError } from '../../ports.ts';
import type { Database } from './database.ts';
import { createHeads } from './heads.ts';
import type { Head } from './head.file.ts';
import type { Loss, Opened } from './opening.ts';
import { bytesOf, proposalFault, streamNameFault } from './proposal.check.ts';
import { readAll, readStream } from './reads.ts';
import { recentIds } from './recent.ids.ts';
import type { Storage, StoreWrite } from './storage.ts';
import { openFiles, reading, type OpeningOptions } from './store.files.ts';
import { createTail } from './tail.ts';
import { beginVerification, lossStream, lossType, verifySlice } from './verification.ts';
import { createWriter } from './writer.ts';
import { append, remove, tombstone } from './write.rules.ts';

export interface StoreOptions extends OpeningOptions {
  /** The largest append, EventStoreDB's 1 MiB when left out. */
  readonly append_bytes_max?: number;
  /** Pages of the WAL that are copied into the database together. */
  readonly checkpoint_pages?: number;
  /** Microseconds since 1970. */
  readonly now_us?: () => number;
  /** Told once when there are to be no more appends: `unavailable` asks the owner to end and start again. */
  readonly on_stop?: (fault: LogError) => void;
}

/** A store, and what its owner alone needs of it. */
export interface Store extends Storage {
  /**
   * Verifies the next `events`, in rounds: the first one those that the opening left out, then always the whole log.
   * False at the end of a round. Throws `corrupt`.
   */
  readonly scrub: (events: number) => boolean;
}

/** The clock of the machine, to the microsecond. */
const machineUs = (): number => Math.round((performance.timeOrigin + performance.now()) * 1000);

const lossAccepted = (loss: Loss, found: number): StoreWrite => {
  const data = { reason: loss.reason, found_position: found, promised_position: loss.promised };
  return {
    stream: lossStream,
    expected: 'any',
    events: [
      {
        id: randomUUID(),
        type: lossType,
        is_json: true,
        data: Buffer.from(JSON.stringify(data)),
        metadata: new Uint8Array(),
      },
    ],
  };
};

/** After a loss, positions go on behind all that was promised: no reader's checkpoint may stand before a new event. */
const goingOnFrom = ({ head, loss }: Opened): Head => ({
  ...head,
  position: Math.max(head.position, loss?.promised ?? 0),
});

/** Verifies the log round by round, the first round as far as the opening has left it out. */
const scrubber = (db: Database, unverified: number, head: () => number): Store['scrub'] => {
  let round = { at: beginVerification, end: unverified };
  return (events) => {
    const { at, end } = round;
    const over = at.position >= end;
    round = over
      ? { at: beginVerification, end: head() }
      : { at: verifySlice(db, at, Math.min(events, end - at.position)), end };
    return !over;
  };
};

const closedFault = (): LogError => new LogError('unavailable', 'the log is closed');

/**
 * Opens the log in a folder, creating it where there is none. Throws a LogError: `unavailable` (somebody else has it
 * open, or the disk failed), `corrupt` (damaged, or acknowledged events are gone), `disk_full` (no room for a new log),
 * `unsupported` (SQLite too old, log too new).
 */
export const openStorage = (folder: string, options: StoreOptions = {}): Store => {
  const { append_bytes_max = appendBytesMax, checkpoint_pages: checkpointPages, now_us: nowUs = machineUs } = options;
  const { db, headFile, opened } = openFiles(folder, options);
  const streams = { db, heads: createHeads(db), ids: recentIds() };
  const tail = createTail();
  const onStop = options.on_stop ?? (() => undefined);
  const writer = createWriter(
    { ...streams, headFile, nowUs, checkpointPages, publish: tail.push, onStop },
    goingOnFrom(opened),
  );
  const head = (): number => writer.head().position;
  const parts = { ...streams, tail, nowUs, head };
  const scrub = scrubber(db, opened.unverified, head);
  let closed = false;

  if (opened.loss !== undefined) {
    const write = lossAccepted(opened.loss, opened.head.position);
    writer.recordNow((group) => append(streams, [write], group));
  }

  const guarded = <Read>(read: () => Read): Read => {
    const fault = closed ? closedFault() : writer.stopped();
    if (fault?.fault === 'unavailable') throw fault;
    try {
      return reading(read);
    } catch (error) {
      if (error instanceof LogError && error.fault === 'corrupt') writer.stop(error);
      throw error;
    }
  };

  const submit: typeof writer.submit = (bytes, attempt) =>
    closed ? Promise.reject(closedFault()) : writer.submit(bytes, attempt);

  const deletion =
    (kind: typeof remove): Storage['remove'] =>
    (stream, expected) => {
      const message = streamNameFault(stream);
      if (message !== undefined) return Promise.resolve({ is: 'invalid', message });
      return submit(0, (group) => kind(streams, stream, expected, group));
    };

  return {
    append: (writes) => {
      const fault = proposalFault(writes, append_bytes_max);
      if (fault) return Promise.resolve(fault);
      const bytes = writes.reduce((sum, { events }) => sum + bytesOf(events), 0);
      return submit(bytes, (group) => append(streams, writes, group));
    },
    remove: deletion(remove),
    tombstone: deletion(tombstone),
    readStream: (...asked) => guarded(() => readStream(parts, ...asked)),
    readAll: (...asked) => guarded(() => readAll(parts, ...asked)),
    head,
    listen: tail.listen,
    scrub: (events) => guarded(() => scrub(events)),
    close: async () => {
      if (closed) return;
      closed = true;
      await writer.drained();
      headFile.close();
      db.close();
    },
  };
};
