import { crashPoint } from '../../crash-points.ts';
import { LogError } from '../../ports.ts';
import { appendQueue, type Pending } from './append.queue.ts';
import { beginGroup, type Group, type Streams } from './group.ts';
import { commitGroup, endingOf, type Ending } from './group.commit.ts';
import type { Head, HeadFile } from './head.file.ts';
import type { StoredRecord, StoreOutcome } from './storage.ts';
import { careForWal } from './wal.ts';

/** The one writer of a log: queue, group commit, publication, answers, in this order. */
export interface Writer {
  readonly submit: (bytes: number, attempt: Pending['attempt']) => Promise<StoreOutcome>;
  /** Records at once, while nothing else is under way; throws where it could not. */
  readonly recordNow: (attempt: Pending['attempt']) => void;
  /** The newest durable event. */
  readonly head: () => Head;
  /** No more appends: the log cannot be trusted, or the disk cannot. */
  readonly stop: (fault: LogError) => void;
  /** Why there are no more appends. */
  readonly stopped: () => LogError | undefined;
  /** Settles when every append submitted so far has. */
  readonly drained: () => Promise<void>;
}

export interface WriterParts extends Streams {
  readonly headFile: HeadFile;
  readonly nowUs: () => number;
  readonly checkpointPages: number | undefined;
  readonly publish: (records: readonly StoredRecord[]) => void;
  /** Told once when there are to be no more appends. */
  readonly onStop: (fault: LogError) => void;
}

const mustRestart = (message: string): LogError =>
  new LogError('unavailable', `the log failed and must be started again: ${message}`);

/** Why a store records no more after such an ending; undefined where it may go on. */
const stopsFor = (ending: Ending): LogError | undefined => {
  if (ending.is === 'damaged') return ending.fault;
  // A failed fsync is never tried again: what it lost, it has forgotten that it lost (assurance F36).
  return ending.is === 'failed' ? mustRestart(ending.message) : undefined;
};

const settle = (pending: readonly Pending[], ending: Ending): void => {
  for (const [n, { settle: answer, fail }] of pending.entries()) {
    if (ending.is === 'damaged') fail(ending.fault);
    else if (ending.is === 'full') answer({ is: 'disk_full' });
    else if (ending.is === 'failed') answer(ending);
    else answer(ending.outcomes[n] ?? { is: 'failed', message: 'no outcome' });
  }
};

const required: Pick<Pending, 'settle' | 'fail'> = {
  settle: (outcome) => {
    if (outcome.is === 'disk_full') throw new LogError('disk_full', 'there is no room for what must be recorded');
    if (outcome.is !== 'appended') throw mustRestart(outcome.is);
  },
  fail: (error) => {
    throw error;
  },
};

export const createWriter = (parts: WriterParts, opened: Head): Writer => {
  const { db, headFile, publish, onStop } = parts;
  const wal = careForWal(db, parts.checkpointPages);
  const waiting: (() => void)[] = [];
  let head = opened;
  let fault: LogError | undefined;

  const stop = (reason: LogError | undefined): void => {
    if (reason === undefined || fault !== undefined) return;
    fault = reason;
    onStop(reason);
  };

  const tidy = (group: Group): void => {
    try {
      wal.grown(group.records, queue.size() === 0);
    } catch (error) {
      // Without room the WAL stays as it is, and is copied another time.
      stop(stopsFor(endingOf(error)));
    }
  };

  const commit = (pending: readonly Pending[]): void => {
    const group = beginGroup(parts, head);
    const ending = commitGroup(parts, headFile, group, pending);
    const recorded = ending.is === 'recorded' ? ending.head : undefined;
    if (recorded !== undefined) {
      head = recorded;
      publish(group.records);
    }
    crashPoint('log.before_ack');
    stop(stopsFor(ending));
    settle(pending, ending);
    if (recorded !== undefined) tidy(group);
  };

  const work = (): void => {
    const pending = queue.take();
    if (fault === undefined && pending.length > 0) commit(pending);
    else for (const { fail } of pending) fail(fault);
    if (queue.size() > 0) setImmediate(work);
    else for (const done of waiting.splice(0)) done();
  };

  const queue = appendQueue(() => setImmediate(work));

  return {
    submit: (bytes, attempt) => (fault ? Promise.reject(fault) : queue.push(bytes, attempt)),
    recordNow: (attempt) => commit([{ bytes: 0, attempt, ...required }]),
    head: () => head,
    stop,
    stopped: () => fault,
    drained: () => (queue.size() === 0 ? Promise.resolve() : new Promise((done) => waiting.push(done))),
  };
};
