import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';

/** Where a running server is found, for the commands beside it. It holds no secret. */
const Announcement = z.object({ url: z.url({ protocol: /^https?$/ }), pid: z.int().positive() });
export type Announcement = z.infer<typeof Announcement>;

const fileIn = (folder: string): string => path.join(folder, 'server.json');

/** Says in the data folder where this process listens. Whole or not at all: it is written beside and moved. */
export const announceServer = (folder: string, announcement: Announcement): void => {
  mkdirSync(folder, { recursive: true });
  const beside = `${fileIn(folder)}.${announcement.pid}`;
  writeFileSync(beside, `${JSON.stringify(announcement)}\n`);
  renameSync(beside, fileIn(folder));
};

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
};

/** The server that runs on this folder, or undefined; the word of a process that is gone counts for nothing. */
export const announcedServer = (folder: string): Announcement | undefined => {
  let text: string;
  try {
    text = readFileSync(fileIn(folder), 'utf8');
  } catch {
    return undefined;
  }
  try {
    const { success, data } = Announcement.safeParse(JSON.parse(text));
    return success && isAlive(data.pid) ? data : undefined;
  } catch {
    return undefined;
  }
};

/** Takes the announcement back, if it is still this process's own. */
export const withdrawServer = (folder: string, pid: number): void => {
  if (announcedServer(folder)?.pid === pid) rmSync(fileIn(folder), { force: true });
};
