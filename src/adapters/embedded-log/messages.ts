import type { Expected, Filter, LogFault } from '../../ports.ts';
import type { Page } from './page.codec.ts';
import type { Direction } from './database.ts';
import type { StoreOutcome } from './storage.ts';

/** What the application's thread and the log's thread say to each other. Both say many things in one message. */

export interface WrittenEvent {
  readonly id: string;
  readonly type: string;
  /** JSON. */
  readonly data: string;
  readonly metadata: string;
}

export interface WrittenStream {
  readonly stream: string;
  readonly expected: Expected;
  readonly events: readonly WrittenEvent[];
}

export type Question =
  | { readonly ask: 'append'; readonly writes: readonly WrittenStream[] }
  | { readonly ask: 'remove' | 'tombstone'; readonly stream: string; readonly expected: Expected }
  | {
      readonly ask: 'stream';
      readonly stream: string;
      readonly from: number | 'start' | 'end';
      readonly direction: Direction;
      readonly limit: number;
    }
  | {
      readonly ask: 'all';
      readonly from: number | 'start' | 'end';
      readonly direction: Direction;
      readonly limit: number;
      readonly filter: Filter | undefined;
    }
  /** What comes after a position; answered when there is something, and at once when the reader becomes live. */
  | {
      readonly ask: 'follow';
      readonly after: number | 'end';
      readonly filter: Filter | undefined;
      readonly live: boolean;
    }
  | { readonly ask: 'head' | 'close' };

/** A question has a number, by which it is answered once. `forget` gives up the question of that number. */
export type Asked = readonly [number: number, question: Question | 'forget'];

export interface StreamAnswer {
  readonly is: 'events' | 'not_found' | 'deleted';
  readonly page: Page;
  readonly next: number | undefined;
}

export interface AllAnswer {
  readonly page: Page;
  readonly considered: number;
  readonly end: boolean;
}

export interface Fault {
  readonly fault: LogFault;
  readonly message: string;
}

export type Answer = StoreOutcome | StreamAnswer | AllAnswer | number | undefined | Fault;

/** Whether the answer is why there is none. */
export const isFault = (answer: unknown): answer is Fault =>
  typeof answer === 'object' && answer !== null && 'fault' in answer;

export type Answered = readonly [number: number, answer: Answer];

/** The log's thread speaks first: that it is open, or why not. Then it answers; `stopped` says that it records no more. */
export type Said =
  | { readonly said: 'opened'; readonly front_port: number | undefined }
  | { readonly said: 'answers'; readonly answers: readonly Answered[] }
  | { readonly said: 'refused' | 'stopped'; readonly fault: Fault };
