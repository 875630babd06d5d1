import { Duplex } from 'node:stream';
import { Worker } from 'node:worker_threads';

/** A statement that takes longer than this has hung: its thread is ended, and the next statement gets a new one. */
const answerMsMax = 10 * 60_000;

/** AuthenticationOk and ReadyForQuery(idle): the thread's one session is open already, and nobody else can reach it. */
const welcome = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 0, 0x5a, 0, 0, 0, 5, 0x49]);
const terminate = 0x58;

/** Starts the thread that opens the cluster; fails with PGlite's own words where it cannot be opened. */
export const startWorker = (cluster: string): Promise<Worker> =>
  new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./pglite.worker.ts', import.meta.url), { workerData: { cluster } });
    const ended = (code: number): void =>
      reject(new Error(`the database's thread ended with ${code} before it was open`));
    worker.once('error', reject);
    worker.once('exit', ended);
    worker.once('message', () => {
      worker.off('error', reject);
      worker.off('exit', ended);
      resolve(worker);
    });
  });

/**
 * The thread as the stream that `pg` expects of a socket. All that is written in one turn of the loop travels in one
 * message, so that a hundred statements asked at once cost one hop there and one back.
 */
export const workerStream = (worker: Worker): Duplex => {
  let greeted = false;
  let pending: Uint8Array[] = [];
  let unanswered = 0;
  let watchdog: NodeJS.Timeout | undefined;

  const send = (): void => {
    const length = pending.reduce((sum, { byteLength }) => sum + byteLength, 0);
    const message = new Uint8Array(length);
    let offset = 0;
    for (const part of pending) {
      message.set(part, offset);
      offset += part.byteLength;
    }
    pending = [];
    unanswered++;
    watchdog ??= setTimeout(() => void worker.terminate(), answerMsMax).unref();
    worker.postMessage(message, [message.buffer]);
  };

  const stream = new Duplex({
    read: () => {},
    write: (chunk: Buffer, _encoding, done) => {
      if (!greeted) {
        greeted = true; // the startup message
        queueMicrotask(() => stream.push(welcome));
      } else if (chunk[0] !== terminate) {
        if (pending.length === 0) queueMicrotask(send);
        pending.push(chunk);
      }
      done();
    },
    final: (done) => {
      worker.postMessage('close');
      done();
    },
    // Closed means that the thread has ended: only then may another one open the cluster.
    destroy: (error, done) => {
      clearTimeout(watchdog);
      worker.terminate().then(() => done(error), done);
    },
  });

  worker.on('message', (answer: Uint8Array) => {
    clearTimeout(watchdog);
    unanswered--;
    watchdog = unanswered > 0 ? setTimeout(() => void worker.terminate(), answerMsMax).unref() : undefined;
    stream.push(Buffer.from(answer.buffer, answer.byteOffset, answer.byteLength));
  });
  worker.once('error', (error: Error) => stream.destroy(error));
  worker.once('exit', () => stream.destroy());

  // What pg asks of a socket and a thread has no use for.
  return Object.assign(stream, {
    connect: () => queueMicrotask(() => stream.emit('connect')),
    setNoDelay: () => stream,
    setKeepAlive: () => stream,
    ref: () => worker.ref(),
    unref: () => worker.unref(),
  });
};
