import { LogError } from '../../ports.ts';
import type { Database } from './database.ts';
import type { Head, HeadFile, HeadFound } from './head.file.ts';
import { verifiedAtOpenEventsMax } from './limits.ts';
import { genesis, sameBytes } from './record.digest.ts';
import { beginVerification, verifySlice, type Verified } from './verification.ts';

/** What is wrong between the head file and the database, when something is. */
export interface Loss {
  readonly reason: 'tail_lost' | 'head_missing' | 'head_damaged' | 'head_differs';
  readonly message: string;
  /** As far as the head file vouches for events. */
  readonly promised: number;
}

export interface Opened {
  /** The newest event in the database and the log's hash at it. */
  readonly head: Head;
  /** Events up to here have not been verified yet. */
  readonly unverified: number;
  readonly loss: Loss | undefined;
}

const sliceEvents = 1000;

const lossBetween = (found: HeadFound, last: Head, runningAtHead: Uint8Array | undefined): Loss | undefined => {
  switch (found.is) {
    case 'missing':
      return last.position === 0
        ? undefined
        : { reason: 'head_missing', message: 'the head file is missing', promised: last.position };
    case 'damaged':
      return { reason: 'head_damaged', message: 'the head file is damaged', promised: last.position };
    case 'head': {
      const promised = found.head.position;
      if (promised > last.position)
        return {
          reason: 'tail_lost',
          message: `events ${last.position + 1} to ${promised} were acknowledged and are gone`,
          promised,
        };
      return runningAtHead !== undefined && sameBytes(runningAtHead, found.head.running)
        ? undefined
        : { reason: 'head_differs', message: 'the database is not the one that the head file vouches for', promised };
    }
  }
};

const checkpoint = (db: Database, position: number): Verified => {
  if (position === 0) return beginVerification;
  const [row] = db.allRows(position, 'forward', 1).rows;
  return { position, running: row?.running ?? genesis, open: [] };
};

/**
 * Verifies the newest events, all of them in a log that is not large, and compares the log with its head file
 * (assurance F34). The database may be ahead by a group that was never acknowledged; it may not be behind.
 */
export const verifyOpening = (db: Database, found: HeadFound, eventsMax = verifiedAtOpenEventsMax): Opened => {
  const lastPosition = db.lastPosition();
  const promised = found.is === 'head' ? Math.min(found.head.position, lastPosition) : lastPosition;
  const unverified = db.groupEnd(Math.min(promised, lastPosition - eventsMax)) ?? 0;
  let at = checkpoint(db, unverified);
  let runningAtHead = at.position === promised ? at.running : undefined;
  while (at.position < lastPosition) {
    // A slice ends where the head file points, if it does, for there the two hashes must meet.
    const goal = at.position < promised ? promised : lastPosition;
    at = verifySlice(db, at, Math.min(sliceEvents, goal - at.position));
    if (at.position === promised && at.open.length === 0) runningAtHead = at.running;
  }
  if (at.open.length > 0) throw new LogError('corrupt', 'the newest group of events has no end');
  const head = { position: lastPosition, running: at.running };
  return { head, unverified, loss: lossBetween(found, head, runningAtHead) };
};

/** Refuses to start on a loss, with the way out; nothing has been changed. */
export const refuseLoss = ({ message }: Loss, folder: string): never => {
  throw new LogError(
    'corrupt',
    `The log in ${folder} is not whole: ${message}. Restore it from a backup, or start once with ` +
      '`acta serve --accept-loss` (or ACTA_ACCEPT_LOSS=true) to go on with what is left; that is recorded in the log itself.',
  );
};

/** Brings the head file up to what the database holds durably, before anything else is acknowledged. */
export const catchUpHead = (file: HeadFile, { position, running }: Head): void => {
  const { found } = file;
  const behind = found.is !== 'head' || found.head.position !== position;
  if (behind && (position > 0 || found.is === 'missing')) file.write({ position, running });
};
