import fs from 'node:fs';
import path from 'node:path';
import { LogError } from '../../ports.ts';
import type { FileOptions } from './database.file.ts';
import { openDatabase, type Database } from './database.ts';
import { keepWal } from './evidence.ts';
import { openHeadFile, syncFolder, type HeadFile } from './head.file.ts';
import { catchUpHead, refuseLoss, verifyOpening, type Opened } from './opening.ts';
import { messageOf } from './sqlite.fault.ts';

export interface StoreFiles {
  readonly db: Database;
  readonly headFile: HeadFile;
  readonly opened: Opened;
}

export interface OpeningOptions extends FileOptions {
  /** Start although events are lost, and record that somebody accepted it. */
  readonly accept_loss?: boolean;
  /** Events, the newest ones, that are verified before the log opens; the scrub verifies the rest while it serves. */
  readonly verified_at_open_events_max?: number;
}

/** Whatever goes wrong while stored bytes are read means that they cannot be trusted. */
export const reading = <Read>(read: () => Read): Read => {
  try {
    return read();
  } catch (error) {
    if (error instanceof LogError) throw error;
    throw new LogError('corrupt', `the log cannot be read: ${messageOf(error)}`, { cause: error });
  }
};

/** Whatever the file system says while a log is opened. */
const openingFault = (error: unknown, folder: string): LogError => {
  if (error instanceof LogError) return error;
  const full = error instanceof Error && 'code' in error && error.code === 'ENOSPC';
  return new LogError(
    full ? 'disk_full' : 'unavailable',
    `the log in ${folder} cannot be opened: ${messageOf(error)}`,
    {
      cause: error,
    },
  );
};

/**
 * Opens a log's database and head file and compares them. Refuses with a LogError: `unavailable` when another process
 * has the log open, `corrupt` when something of it is damaged or lost, `unsupported` when it is not for this build. A
 * loss is let through, unrecorded yet, where `accept_loss` says so.
 */
export const openFiles = (folder: string, options: OpeningOptions): StoreFiles => {
  const at = (name: string): string => path.join(folder, name);
  const evidence = keepWal(at('log.sqlite-wal'));
  let db: Database | undefined;
  let headFile: HeadFile | undefined;
  try {
    fs.mkdirSync(folder, { recursive: true });
    db = openDatabase(at('log.sqlite'), options);
    const database = db;
    headFile = openHeadFile(at('log.head'));
    const { found } = headFile;
    const opened = reading(() => verifyOpening(database, found, options.verified_at_open_events_max));
    if (opened.loss !== undefined && options.accept_loss !== true) refuseLoss(opened.loss, folder);
    syncFolder(folder);
    if (opened.loss === undefined) {
      catchUpHead(headFile, opened.head);
      evidence.drop();
    }
    return { db, headFile, opened };
  } catch (error) {
    headFile?.close();
    db?.close();
    const fault = openingFault(error, folder);
    if (fault.fault === 'unavailable') evidence.drop();
    throw fault;
  }
};
