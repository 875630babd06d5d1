import { parentPort, workerData, type MessagePort, type Transferable } from 'node:worker_threads';
import type { LogError } from '../../ports.ts';
import type { Front } from './front.ts';
import { scrubPauseMs, scrubRoundMs, scrubSliceEventsMax } from './limits.ts';
import type { Answered, Asked, Said } from './messages.ts';
import { openStorage, type Store, type StoreOptions } from './store.ts';
import { answering } from './worker.answers.ts';
import { createReader, faultOf } from './worker.reader.ts';

/**
 * The log's own thread: SQLite and fsync block, and must not block the application. It opens the log, says so, and
 * answers questions; with a port it also speaks EventStoreDB's protocol.
 */

export interface WorkerSettings extends Pick<StoreOptions, 'accept_loss' | 'append_bytes_max' | 'bytes_max'> {
  readonly folder: string;
  readonly front?: { readonly host: string; readonly port: number };
}

/** Collects what is answered in one turn of the loop into one message. */
const mailbox = (port: MessagePort) => {
  let answers: Answered[] = [];
  let handedOver: Transferable[] = [];
  const say = (said: Said): void => port.postMessage(said, handedOver);
  const flush = (): void => {
    if (answers.length > 0) say({ said: 'answers', answers });
    answers = [];
    handedOver = [];
  };
  const answer = (number: number, said: Answered[1], buffers: readonly ArrayBuffer[] = []): void => {
    if (answers.length === 0) queueMicrotask(flush);
    answers.push([number, said]);
    handedOver.push(...buffers);
  };
  return { say, answer, flush };
};

/** Verifies the log while it serves, a slice at a time: what the opening left out, then everything once a day. */
const scrub = (store: Store): void => {
  const slice = (): void => {
    try {
      const more = store.scrub(scrubSliceEventsMax);
      setTimeout(slice, more ? scrubPauseMs : scrubRoundMs).unref();
    } catch {
      // The store has stopped for it, and said so.
    }
  };
  setTimeout(slice, scrubPauseMs).unref();
};

const serve = async (port: MessagePort): Promise<void> => {
  const { folder, front: asked, ...options } = workerData as WorkerSettings;
  const { say, answer, flush } = mailbox(port);
  let store: Store | undefined;
  let front: Front | undefined;

  const onStop = (fault: LogError): void => {
    // What the group's writers are told goes out first; then this thread ends, for the disk has (assurance F36).
    setImmediate(() => {
      flush();
      say({ said: 'stopped', fault: faultOf(fault) });
      if (fault.fault === 'unavailable') process.exit(1);
    });
  };

  try {
    store = openStorage(folder, { ...options, on_stop: onStop });
    // Loaded where it is asked for: most logs speak to their own process alone.
    if (asked) front = await (await import('./front.ts')).startFront(store, asked);
  } catch (error) {
    await store?.close();
    say({ said: 'refused', fault: faultOf(error) });
    port.close();
    return;
  }

  const storage = store;
  const close = async (number: number): Promise<void> => {
    await front?.close();
    await storage.close();
    answer(number, undefined);
    flush();
    port.close();
  };
  const reader = createReader(storage, answer);
  const take = answering({ storage, reader, answer, onClose: (number) => void close(number) });
  port.on('message', (asked: readonly Asked[]) => take(asked));
  scrub(storage);
  say({ said: 'opened', front_port: front?.port });
};

if (parentPort) await serve(parentPort);
