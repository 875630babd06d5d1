import { LogError, type Filter } from '../../ports.ts';
import type { AllAnswer, Answer, Fault, Question } from './messages.ts';
import { filterRegex } from './name.filter.ts';
import { encodePage } from './page.codec.ts';
import { messageOf } from './sqlite.fault.ts';
import type { Storage, StoreFilter } from './storage.ts';

/** Events of one page between threads. */
const pageEvents = 512;
/** Regexes remembered by their text, so that what they said of a name is remembered too. */
const regexesMax = 64;

export type Read = Extract<Question, { readonly ask: 'stream' | 'all' | 'follow' }>;
type Follow = Extract<Read, { readonly ask: 'follow' }>;

/** Reads take turns, one page at a time, so that none of them starves the writer. */
export interface Reader {
  readonly queue: (number: number, question: Read) => void;
  readonly forget: (number: number) => void;
}

type Say = (number: number, answer: Answer, handedOver?: readonly ArrayBuffer[]) => void;

export const faultOf = (error: unknown): Fault => {
  const fault = error instanceof LogError ? error.fault : 'unavailable';
  return { fault, message: messageOf(error) };
};

const regexes = new Map<string, RegExp>();

const storeFilter = (filter: Filter | undefined): StoreFilter | undefined => {
  if (filter === undefined || !('regex' in filter)) return filter;
  const regex = regexes.get(filter.regex) ?? filterRegex(filter.regex);
  if (regexes.size >= regexesMax) regexes.clear();
  regexes.set(filter.regex, regex);
  return { by: filter.by, regex };
};

/** Answers what can be answered now; false for a reader who has everything and waits for more. */
const answered = (storage: Storage, say: Say, number: number, question: Read): boolean => {
  const sayPage = (page: ReturnType<Storage['readAll']>): void => {
    const { page: encoded, handedOver } = encodePage(page.events);
    say(number, { page: encoded, considered: page.considered, end: page.end } satisfies AllAnswer, handedOver);
  };
  switch (question.ask) {
    case 'stream': {
      const { stream, from, direction, limit } = question;
      const found = storage.readStream(stream, from, direction, Math.min(limit, pageEvents));
      const { page, handedOver } = encodePage(found.is === 'events' ? found.events : []);
      say(number, { is: found.is, page, next: found.is === 'events' ? found.next : undefined }, handedOver);
      return true;
    }
    case 'all': {
      const { from, direction, limit, filter } = question;
      sayPage(storage.readAll(from, direction, Math.min(limit, pageEvents), storeFilter(filter)));
      return true;
    }
    case 'follow': {
      const head = storage.head();
      const after = question.after === 'end' ? head : question.after;
      // A reader cannot have read what was never recorded: it knows another log (assurance F27).
      if (after > head) throw new LogError('invalid', `position ${after} is beyond ${head}, where this log ends`);
      const page = storage.readAll(after + 1, 'forward', pageEvents, storeFilter(question.filter));
      const news = page.considered > after || question.after === 'end' || !question.live;
      if (news) sayPage(page);
      return news;
    }
  }
};

export const createReader = (storage: Storage, say: Say): Reader => {
  const reads = new Map<number, Read>();
  const waiting = new Map<number, Follow>();

  const read = (number: number, question: Read): void => {
    try {
      if (!answered(storage, say, number, question) && question.ask === 'follow') waiting.set(number, question);
    } catch (error) {
      say(number, faultOf(error));
    }
  };

  const turn = (): void => {
    const [next] = reads;
    if (next === undefined) return;
    reads.delete(next[0]);
    read(...next);
    if (reads.size > 0) setImmediate(turn);
  };

  const queue = (number: number, question: Read): void => {
    reads.set(number, question);
    if (reads.size === 1) setImmediate(turn);
  };

  storage.listen(() => {
    for (const [number, question] of waiting) queue(number, question);
    waiting.clear();
  });

  return {
    queue,
    forget: (number) => {
      reads.delete(number);
      waiting.delete(number);
    },
  };
};
