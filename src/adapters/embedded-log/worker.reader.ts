import { LogError, type Filter } from '../../ports.ts';
import { pageBytesMax } from './limits.ts';
import type { AllAnswer, Answer, Fault, Question } from './messages.ts';
import { filterRegex } from './name.filter.ts';
import { encodePage } from './page.codec.ts';
import { messageOf } from './sqlite.fault.ts';
import type { Storage, StoreFilter } from './storage.ts';

/** Events of one page between threads. */
const pageEvents = 512;
/** What reads cost the writer, counted in small events: asking at all, and an event for each so many bytes. */
const askingCost = 8;
const costlyBytes = pageBytesMax / pageEvents;
/** Regexes remembered by their text, so that what they said of a name is remembered too. */
const regexesMax = 64;

export type Read = Extract<Question, { readonly ask: 'stream' | 'all' | 'follow' }>;
type Follow = Extract<Read, { readonly ask: 'follow' }>;

/** Reads take turns with the writer, so that neither starves the other: in each, many small ones or one that fills a page. */
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

const costOf = (events: number, handedOver: readonly ArrayBuffer[]): number =>
  events + handedOver.reduce((bytes, { byteLength }) => bytes + byteLength, 0) / costlyBytes;

/** Answers what can be answered now, and with what that has cost; undefined for a reader who has everything and waits for more. */
const answered = (storage: Storage, say: Say, number: number, question: Read): number | undefined => {
  const sayPage = (page: ReturnType<Storage['readAll']>): number => {
    const { page: encoded, handedOver } = encodePage(page.events);
    say(number, { page: encoded, considered: page.considered, end: page.end } satisfies AllAnswer, handedOver);
    return costOf(page.scanned, handedOver);
  };
  switch (question.ask) {
    case 'stream': {
      const { stream, from, direction, limit } = question;
      const found = storage.readStream(stream, from, direction, Math.min(limit, pageEvents));
      const { page, handedOver } = encodePage(found.is === 'events' ? found.events : []);
      say(number, { is: found.is, page, next: found.is === 'events' ? found.next : undefined }, handedOver);
      return costOf(page.ids.length, handedOver);
    }
    case 'all': {
      const { from, direction, limit, filter } = question;
      return sayPage(storage.readAll(from, direction, Math.min(limit, pageEvents), storeFilter(filter)));
    }
    case 'follow': {
      const head = storage.head();
      const after = question.after === 'end' ? head : question.after;
      // A reader cannot have read what was never recorded: it knows another log (assurance F27).
      if (after > head) throw new LogError('invalid', `position ${after} is beyond ${head}, where this log ends`);
      const page = storage.readAll(after + 1, 'forward', pageEvents, storeFilter(question.filter));
      const news = page.considered > after || question.after === 'end' || !question.live;
      return news ? sayPage(page) : undefined;
    }
  }
};

export const createReader = (storage: Storage, say: Say): Reader => {
  const reads = new Map<number, Read>();
  const waiting = new Map<number, Follow>();

  const read = (number: number, question: Read): number => {
    try {
      const cost = answered(storage, say, number, question);
      if (cost === undefined && question.ask === 'follow') waiting.set(number, question);
      return askingCost + (cost ?? 0);
    } catch (error) {
      say(number, faultOf(error));
      return askingCost;
    }
  };

  const turn = (): void => {
    let cost = 0;
    for (const [number, question] of reads) {
      if (cost >= pageEvents) break;
      reads.delete(number);
      cost += read(number, question);
    }
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
