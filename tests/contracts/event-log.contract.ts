import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bounds } from './event-log/bounds.contract.ts';
import { deletion } from './event-log/deletion.contract.ts';
import { expectedRevisions } from './event-log/expected-revisions.contract.ts';
import { filtering } from './event-log/filtering.contract.ts';
import { followed, type LogUnderTest } from './event-log/given.ts';
import { reading } from './event-log/reading.contract.ts';
import { subscribing } from './event-log/subscribing.contract.ts';

/** What every `EventLog` promises its caller (`src/ports.ts`), on a log that others may have written to before. */
export const eventLogContract = (name: string, make: () => Promise<LogUnderTest>): void => {
  describe(`${name}, as a log`, () => {
    let made: LogUnderTest | undefined;
    const under = (): LogUnderTest => {
      if (made === undefined) throw new Error('the log was not opened');
      return made;
    };
    beforeAll(async () => {
      made = await make();
    });
    afterAll(() => made?.close());

    describe('expects what its writers expect', () => {
      expectedRevisions(under);
    });
    describe('reads', () => {
      reading(under);
    });
    describe('filters', () => {
      filtering(under);
    });
    describe('is followed', () => {
      subscribing(under);
    });
    it('is never said to have been followed further than it goes, also while it is empty', async () => {
      const empty = await make();
      try {
        const [last] = (await followed(empty, 'start', ({ live }) => live)).slice(-1);
        expect(last?.position).toBeLessThanOrEqual(await empty.log.head());
      } finally {
        await empty.close();
      }
    });
    describe('deletes and describes', () => {
      deletion(under);
    });
    describe('has bounds', () => {
      bounds(under);
    });
  });
};
