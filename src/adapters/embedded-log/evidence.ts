import fs from 'node:fs';

/** The WAL as it was before SQLite looked at it. */
export interface Evidence {
  /** The opening went well: nothing need be kept. */
  readonly drop: () => void;
}

/**
 * Keeps a copy of the WAL while a log is being opened. SQLite ends reading it at a damaged frame, writes over what lies
 * behind, and deletes it when it closes; were the opening refused, acknowledged events that are still there would be
 * gone. What an earlier refusal kept stays.
 */
export const keepWal = (wal: string): Evidence => {
  const kept = `${wal}.kept`;
  const drop = (): void => fs.rmSync(kept, { force: true });
  if (!fs.existsSync(wal) || fs.statSync(wal).size === 0 || fs.existsSync(kept)) return { drop: () => undefined };
  try {
    fs.copyFileSync(wal, kept, fs.constants.COPYFILE_FICLONE);
  } catch {
    // Without room it is a courtesy forgone, and never a reason not to start.
    drop();
  }
  return { drop };
};
