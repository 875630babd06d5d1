import { Worker } from 'node:worker_threads';

/** More batches than this do not wait for the model: whoever asks then is told that it is busy. */
const waitingMax = 64;

export type Answered = { readonly rows: readonly Float32Array[] } | { readonly error: string; readonly busy?: true };

interface Batch {
  readonly texts: readonly string[];
  readonly signal: AbortSignal;
  readonly settle: (answer: Answered) => void;
}

const ended: Answered = { error: 'the thread of the model has ended' };

/**
 * The model's thread, begun at the first batch and again after it has ended. It is given one batch at a time; a single text,
 * which somebody waits for, goes before the batches of a backlog. What is not wanted any more when its turn comes is left out.
 */
export const modelThread = () => {
  let worker: Worker | undefined;
  let current: Batch | undefined;
  let closed = false;
  const waiting: Batch[] = [];

  const settle = (answer: Answered): void => {
    const batch = current;
    current = undefined;
    worker?.unref();
    batch?.settle(answer);
    turn();
  };

  const begun = (): Worker => {
    const thread = new Worker(new URL('./local.worker.ts', import.meta.url), { name: 'embeddings' });
    const gone = (answer: Answered): void => {
      if (worker !== thread) return;
      worker = undefined;
      settle(answer);
    };
    thread.on('message', settle);
    thread.on('error', (error) => gone({ error: `the model's thread has crashed: ${String(error)}` }));
    thread.on('exit', () => gone(ended));
    return thread;
  };

  const turn = (): void => {
    while (current === undefined && waiting.length > 0) {
      const single = waiting.findIndex(({ texts }) => texts.length === 1);
      const [batch] = waiting.splice(Math.max(single, 0), 1);
      if (batch === undefined) return;
      if (closed || batch.signal.aborted) {
        batch.settle(ended);
        continue;
      }
      current = batch;
      worker ??= begun();
      // Busy, it keeps the process alive; idle, it does not.
      worker.ref();
      worker.postMessage(batch.texts);
    }
  };

  return {
    ask: (texts: readonly string[], signal: AbortSignal): Promise<Answered> =>
      new Promise((resolve) => {
        if (waiting.length >= waitingMax) return resolve({ error: 'too many batches wait for the model', busy: true });
        waiting.push({ texts, signal, settle: resolve });
        turn();
      }),
    close: async (): Promise<void> => {
      closed = true;
      const thread = worker;
      await thread?.terminate();
      turn();
    },
  };
};
