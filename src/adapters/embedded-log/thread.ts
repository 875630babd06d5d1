import { Worker } from 'node:worker_threads';
import { LogError } from '../../ports.ts';
import { questionsMax } from './limits.ts';
import { isFault, type Answer, type Asked, type Fault, type Question, type Said } from './messages.ts';
import type { WorkerSettings } from './worker.ts';

/** The log's thread, as seen from the application's. */
export interface LogThread {
  readonly frontPort: number | undefined;
  /** Settles with the answer, or with the LogError that says why there is none. */
  readonly ask: <Said extends Answer>(question: Question) => Conversation<Said>;
  /** Resolves, once, when the log records no more: `corrupt`, or `unavailable` when its thread has ended. */
  readonly stopped: Promise<LogError>;
}

export interface Conversation<Said> {
  readonly answer: Promise<Said>;
  /** The answer is not wanted any more; a promise that is still open is rejected. */
  readonly forget: () => void;
}

interface Waiting {
  readonly resolve: (answer: never) => void;
  readonly reject: (error: LogError) => void;
}

const errorOf = ({ fault, message }: Fault): LogError => new LogError(fault, message);

/** Questions that were asked and not answered yet, numbered and sent together once per turn. */
const conversations = (post: (asked: readonly Asked[]) => void) => {
  const waiting = new Map<number, Waiting>();
  let outbox: Asked[] = [];
  let number = 0;
  let ended: LogError | undefined;

  const send = (asked: Asked): void => {
    if (outbox.length === 0)
      queueMicrotask(() => {
        post(outbox);
        outbox = [];
      });
    outbox.push(asked);
  };

  const ask = <Said extends Answer>(question: Question): Conversation<Said> => {
    if (ended !== undefined) return { answer: Promise.reject(ended), forget: () => undefined };
    if (waiting.size >= questionsMax) {
      const overloaded = new LogError('unavailable', 'the log is overloaded: too many questions are waiting');
      return { answer: Promise.reject(overloaded), forget: () => undefined };
    }
    number += 1;
    const asked = number;
    const answer = new Promise<Said>((resolve, reject) => waiting.set(asked, { resolve, reject }));
    send([asked, question]);
    const forget = (): void => {
      waiting.get(asked)?.reject(new LogError('unavailable', 'the question was given up'));
      if (waiting.delete(asked)) send([asked, 'forget']);
    };
    return { answer, forget };
  };

  const settle = ([asked, answer]: readonly [number, Answer]): void => {
    const { resolve, reject } = waiting.get(asked) ?? {};
    waiting.delete(asked);
    if (isFault(answer)) reject?.(errorOf(answer));
    else resolve?.(answer as never);
  };

  const end = (error: LogError): void => {
    ended ??= error;
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  };

  return { ask, settle, end };
};

/** Starts the log's thread and waits until the log is open; rejects with the LogError that the opening threw. */
export const startThread = (settings: WorkerSettings): Promise<LogThread> =>
  new Promise((opened, refused) => {
    const worker = new Worker(new URL('worker.ts', import.meta.url), { workerData: settings, name: 'embedded-log' });
    const { ask, settle, end } = conversations((asked) => worker.postMessage(asked));
    const { promise: stopped, resolve: stop } = Promise.withResolvers<LogError>();

    const ends = (error: LogError): void => {
      end(error);
      stop(error);
      refused(error);
    };

    worker.on('message', (said: Said) => {
      switch (said.said) {
        case 'opened':
          return opened({ frontPort: said.front_port, ask, stopped });
        case 'answers':
          for (const answered of said.answers) settle(answered);
          return;
        case 'refused':
          return ends(errorOf(said.fault));
        case 'stopped':
          return stop(errorOf(said.fault));
      }
    });
    worker.on('error', (cause) => ends(new LogError('unavailable', 'the thread of the log has crashed', { cause })));
    worker.on('exit', () => ends(new LogError('unavailable', 'the thread of the log has ended')));
  });
