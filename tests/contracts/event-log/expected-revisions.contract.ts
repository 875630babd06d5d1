import { describe, expect, it } from 'vitest';
import type { Actual, Appended, Expected, NewEvent } from '../../../src/ports.ts';
import { anEvent, aStream, events, recorded, type Under } from './given.ts';

/** A stream with three events: the first appended to no stream, the next two to revision 0. Then what the state says. */
type State = 'existing' | 'soft-deleted' | 'tombstoned';

const told = (appended: Appended): number | { readonly is: Actual } =>
  appended.ok ? appended.revision : { is: appended.conflict.actual };

const wrong = (is: Actual): { readonly is: Actual } => ({ is });
const deleted = wrong('deleted');

/** Which of the events that are there, and how many new ones after them. */
interface Proposed {
  readonly say: string;
  readonly of: (first: NewEvent, second: NewEvent, third: NewEvent) => readonly NewEvent[];
}

const fresh: Proposed = { say: 'new events', of: () => [anEvent()] };
const firstAgain: Proposed = { say: 'the first append again', of: (first) => [first] };
const secondAgain: Proposed = { say: 'the second append again', of: (_, second, third) => [second, third] };
const firstInPart: Proposed = { say: 'the first append with another event', of: (first) => [first, anEvent()] };
const secondInPart: Proposed = {
  say: 'the second append with another event in it',
  of: (_, second) => [second, anEvent()],
};
const secondLonger: Proposed = {
  say: 'the second append with one event more',
  of: (_, second, third) => [second, third, anEvent()],
};

type Cell = readonly [state: State, expected: Expected, proposed: Proposed, told: ReturnType<typeof told>];

/** IndexWriter.CheckCommit, cell by cell (eventstoredb.md 3.4). */
const cells: readonly Cell[] = [
  ['existing', 2, fresh, 3],
  ['existing', 0, fresh, wrong(2)],
  ['existing', 7, fresh, wrong(2)],
  ['existing', 0, secondAgain, 2],
  ['existing', 0, secondInPart, wrong(2)],
  ['existing', 0, secondLonger, wrong(2)],
  ['existing', 'no_stream', fresh, wrong(2)],
  ['existing', 'no_stream', firstAgain, 0],
  ['existing', 'no_stream', firstInPart, wrong(2)],
  ['existing', 'stream_exists', fresh, 3],
  ['existing', 'stream_exists', secondAgain, 2],
  ['existing', 'stream_exists', secondInPart, wrong(2)],
  ['existing', 'any', fresh, 3],
  ['existing', 'any', firstAgain, 0],
  ['existing', 'any', secondAgain, 2],
  ['existing', 'any', firstInPart, wrong(2)],
  ['existing', 'any', secondLonger, wrong(2)],

  ['soft-deleted', 2, fresh, 3],
  ['soft-deleted', 0, fresh, wrong(2)],
  ['soft-deleted', 7, fresh, wrong(2)],
  ['soft-deleted', 0, secondAgain, 2],
  ['soft-deleted', 0, secondInPart, wrong(2)],
  ['soft-deleted', 'no_stream', fresh, 3],
  ['soft-deleted', 'no_stream', firstAgain, 0],
  ['soft-deleted', 'no_stream', firstInPart, wrong(2)],
  ['soft-deleted', 'stream_exists', fresh, deleted],
  ['soft-deleted', 'stream_exists', secondAgain, deleted],
  ['soft-deleted', 'any', fresh, 3],
  ['soft-deleted', 'any', secondAgain, 2],
  ['soft-deleted', 'any', secondInPart, wrong(2)],

  ...([2, 0, 7, 'no_stream', 'stream_exists', 'any'] as const).map((expected): Cell => [
    'tombstoned',
    expected,
    fresh,
    deleted,
  ]),
  ['tombstoned', 0, secondAgain, deleted],
  ['tombstoned', 'no_stream', firstAgain, deleted],
  ['tombstoned', 'stream_exists', secondAgain, deleted],
  ['tombstoned', 'any', secondLonger, deleted],
];

export const expectedRevisions = (under: Under): void => {
  const given = async (state: State) => {
    const { log } = under();
    const stream = aStream();
    const three = [anEvent(), anEvent(), anEvent()] as const;
    const [first, ...later] = three;
    const places = [await recorded(log, stream, [first]), await recorded(log, stream, later, 0)];
    if (state === 'soft-deleted') await log.remove(stream, 2);
    if (state === 'tombstoned') await log.tombstone(stream, 2);
    return { log, stream, three, places };
  };

  describe('given a stream that exists, existed, or never may again', () => {
    it.each(cells.map((cell) => [...cell] as const))(
      '%s, expected %s, %o: %o',
      async (state, expected, { of }, said) => {
        const { log, stream, three, places } = await given(state);
        const proposed = of(...three);
        const appended = await log.append(stream, expected, proposed);
        expect(told(appended)).toEqual(said);
        if (!appended.ok) expect(appended.conflict).toMatchObject({ stream, expected });
        // What is told again is told with its first place.
        const again = places.find(({ revision }) => appended.ok && revision === appended.revision);
        if (appended.ok && again) expect(appended.position).toBe(again.position);
      },
    );
  });

  describe('given a stream that never was', () => {
    const never: readonly (readonly [Expected, ReturnType<typeof told>])[] = [
      ['no_stream', 1],
      ['any', 1],
      ['stream_exists', wrong('no_stream')],
      [0, wrong('no_stream')],
      [4, wrong('no_stream')],
    ];
    it.each(never)('expected %s: %o', async (expected, said) => {
      expect(told(await under().log.append(aStream(), expected, events(2)))).toEqual(said);
    });

    it('counts its metadata as existence', async () => {
      const { log } = under();
      const stream = aStream();
      await log.setMetadata(stream, 'no_stream', { max_count: 5 });
      expect(told(await log.append(stream, 'stream_exists', events(1)))).toBe(0);
    });
  });

  it('gives a retried append the same answer however far the stream has gone on', async () => {
    const { log } = under();
    const stream = aStream();
    const proposed = events(3);
    const first = await log.append(stream, 'no_stream', proposed);
    await recorded(log, stream, events(5), 2);
    expect(await log.append(stream, 'no_stream', proposed)).toEqual(first);
  });

  it('lets one of several writers of the same revision win, and tells the others what is there', async () => {
    const { log } = under();
    const stream = aStream();
    const answers = await Promise.all(Array.from({ length: 8 }, () => log.append(stream, 'no_stream', events(1))));
    expect(answers.filter(({ ok }) => ok)).toHaveLength(1);
    expect(answers.filter(({ ok }) => !ok).map(told)).toEqual(Array.from({ length: 7 }, () => wrong(0)));
  });
};
