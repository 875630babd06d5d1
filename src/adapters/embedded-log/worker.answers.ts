import type { Answer, Asked, Question, WrittenStream } from './messages.ts';
import { faultOf, type Reader } from './worker.reader.ts';
import type { Storage, StoreWrite } from './storage.ts';

export interface AnswerParts {
  readonly storage: Storage;
  readonly reader: Reader;
  readonly answer: (number: number, answer: Answer) => void;
  readonly onClose: (number: number) => void;
}

const storeWrite = ({ stream, expected, events }: WrittenStream): StoreWrite => ({
  stream,
  expected,
  events: events.map(({ id, type, data, metadata }) => ({
    id,
    type,
    is_json: true,
    data: Buffer.from(data),
    metadata: Buffer.from(metadata),
  })),
});

/** Answers the questions of the application's thread from a store. */
export const answering = ({ storage, reader, answer, onClose }: AnswerParts): ((asked: readonly Asked[]) => void) => {
  const settle = (number: number, outcome: Promise<Answer>): void =>
    void outcome.then(
      (said) => answer(number, said),
      (error: unknown) => answer(number, faultOf(error)),
    );

  const take = (number: number, question: Question): void => {
    switch (question.ask) {
      case 'append':
        return settle(number, storage.append(question.writes.map(storeWrite)));
      case 'remove':
      case 'tombstone':
        return settle(number, storage[question.ask](question.stream, question.expected));
      case 'stream':
      case 'all':
      case 'follow':
        return reader.queue(number, question);
      case 'head':
        return answer(number, storage.head());
      case 'close':
        return onClose(number);
    }
  };

  return (asked) => {
    for (const [number, question] of asked)
      if (question === 'forget') reader.forget(number);
      else take(number, question);
  };
};
