import { write, writeSync } from 'node:fs';

/** Lines that wait for a slow reader, or for room on a disk, take no more than this; then lines are dropped. */
export const bufferBytesMax = 4 * 1024 * 1024;
/** Handed to one write. */
const chunkBytesMax = 64 * 1024;
/** A descriptor that is busy is asked again after so long. */
const busyWaitMs = 50;
/** At the end of the process, at most so often. */
const busyTimesMax = 20;

/** Somewhere lines go. */
export interface Sink {
  readonly write: (line: string) => void;
  /** Resolves when everything was written, or nothing more can be, at the latest after `msMax`. */
  readonly close: (msMax: number) => Promise<void>;
}

/** Lines that wait, in order, and never more bytes of them than the buffer has. */
const backlogOf = () => {
  let lines: Buffer[] = [];
  let bytes = 0;
  return {
    empty: () => lines.length === 0,
    /** False when there is no room. */
    add: (line: Buffer): boolean => {
      if (bytes + line.length > bufferBytesMax) return false;
      lines.push(line);
      bytes += line.length;
      return true;
    },
    take: (bytesMax: number): readonly Buffer[] => {
      let count = 0;
      let taken = 0;
      for (const { length } of lines) {
        if (count > 0 && taken + length > bytesMax) break;
        count += 1;
        taken += length;
      }
      bytes -= taken;
      return lines.splice(0, count);
    },
    giveBack: (taken: readonly Buffer[]): void => {
      lines = [...taken, ...lines];
      for (const { length } of taken) bytes += length;
    },
  };
};

/** Writes what is left when there is no event loop to wait in. */
const writeNow = (fd: number, lines: readonly Buffer[]): void => {
  let rest = Buffer.concat(lines);
  for (let busy = 0; rest.length > 0 && busy < busyTimesMax;)
    try {
      rest = rest.subarray(writeSync(fd, rest));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return;
      busy += 1;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, busyWaitMs);
    }
};

/**
 * Writes lines to a descriptor, one write at a time, without blocking the event loop. While a disk is full, lines wait,
 * and go out with the first line that finds room; when the buffer is full too, or the reader of a pipe has gone, they are
 * dropped. A process that ends by `process.exit` still writes what waits, for a second at most, since neither a full disk
 * nor a slow reader may keep a program alive; a line that was being written just then may end up after the ones behind it.
 */
export const lineQueue = (fd: number, drop: () => void): Sink => {
  const backlog = backlogOf();
  let writing = false;
  let gone = false;
  let idle = (): void => undefined;

  const abandon = (): void => {
    gone = true;
    for (const _ of backlog.take(Infinity)) drop();
  };
  const pump = (): void => {
    if (writing) return;
    if (gone || backlog.empty()) return idle();
    writing = true;
    const lines = backlog.take(chunkBytesMax);
    const chunk = Buffer.concat(lines);
    write(fd, chunk, 0, chunk.length, null, (error, written) => {
      writing = false;
      if (error !== null) backlog.giveBack(lines);
      else if (written < chunk.length) backlog.giveBack([chunk.subarray(written)]);
      if (error === null) return pump();
      if (error.code === 'EAGAIN') return void setTimeout(pump, busyWaitMs).unref();
      if (error.code === 'EPIPE' || error.code === 'EBADF') abandon();
      idle();
    });
  };
  const atExit = (): void => writeNow(fd, gone ? [] : backlog.take(Infinity));
  process.once('exit', atExit);

  return {
    write: (line) => {
      if (gone || !backlog.add(Buffer.from(line))) return drop();
      pump();
    },
    close: async (msMax) => {
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        timer = setTimeout(resolve, msMax);
        idle = resolve;
        pump();
      });
      clearTimeout(timer);
      process.off('exit', atExit);
      abandon();
    },
  };
};
