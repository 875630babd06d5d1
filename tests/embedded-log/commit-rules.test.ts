import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Expected } from '../../src/ports.ts';
import { tombstoneRevision, type Storage } from '../../src/adapters/embedded-log/storage.ts';
import { append, appended, everything, freshFolder, freshStore, proposal, streamOf, textOf } from './log.folder.ts';

/**
 * Every cell of expected revision × state of the stream × what is proposed, as EventStoreDB's IndexWriter.CheckCommit
 * decides it. Each stream that exists was written with one append of the events 0 and 1.
 */
type Answer = 'ok' | 'again' | 'wrong' | 'deleted';
type State = 'missing' | 'existing' | 'soft_deleted' | 'tombstoned';

/** `fresh` has new ids, `retry` the recorded ones, `half` begins as a retry, `other` ends as one. */
const proposed = ['fresh', 'retry', 'half', 'other'] as const;
type Proposed = (typeof proposed)[number];

const all = (answer: Answer): readonly Answer[] => [answer, answer, answer, answer];

const expectations: Record<string, Expected> = {
  no_stream: 'no_stream',
  any: 'any',
  stream_exists: 'stream_exists',
  behind: 0,
  current: 1,
  ahead: 5,
};

const table: Record<string, Record<State, readonly Answer[]>> = {
  no_stream: {
    missing: all('ok'),
    existing: ['wrong', 'again', 'wrong', 'wrong'],
    soft_deleted: ['ok', 'again', 'wrong', 'ok'],
    tombstoned: all('deleted'),
  },
  any: {
    missing: all('ok'),
    existing: ['ok', 'again', 'wrong', 'ok'],
    soft_deleted: ['ok', 'again', 'wrong', 'ok'],
    tombstoned: all('deleted'),
  },
  stream_exists: {
    missing: all('wrong'),
    existing: ['ok', 'again', 'wrong', 'ok'],
    soft_deleted: all('deleted'),
    tombstoned: all('deleted'),
  },
  behind: {
    missing: all('wrong'),
    existing: ['wrong', 'again', 'wrong', 'wrong'],
    soft_deleted: ['wrong', 'again', 'wrong', 'wrong'],
    tombstoned: all('deleted'),
  },
  current: {
    missing: all('wrong'),
    existing: all('ok'),
    soft_deleted: all('ok'),
    tombstoned: all('deleted'),
  },
  ahead: {
    missing: all('wrong'),
    existing: all('wrong'),
    soft_deleted: all('wrong'),
    tombstoned: all('deleted'),
  },
};

const cells = Object.entries(table).flatMap(([expectation, states]) =>
  Object.entries(states).flatMap(([state, answers]) =>
    proposed.map((proposes, n) => ({ expectation, state: state as State, proposes, answer: answers[n] })),
  ),
);

/** Brings a stream into a state; answers the ids of its events and where it was written. */
const prepare = async (store: Storage, stream: string, state: State) => {
  const events = [proposal(), proposal()];
  const ids = events.map(({ id }) => id);
  // Ids known from another stream are nobody's retry.
  const { position } = await appended(append(store, state === 'missing' ? `${stream}-twin` : stream, 'any', events));
  if (state === 'soft_deleted') await appended(store.remove(stream, 1));
  if (state === 'tombstoned') await appended(store.tombstone(stream, 1));
  return { ids, position };
};

const idsOf = (proposes: Proposed, recorded: readonly (string | undefined)[]): readonly (string | undefined)[] => {
  const [first, second] = recorded;
  const [one, two] = [randomUUID(), randomUUID()];
  return { fresh: [one, two], retry: recorded, half: [first, two], other: [one, second ?? first] }[proposes];
};

const attempt = (store: Storage, stream: string, expectation: string, proposes: Proposed, ids: readonly string[]) => {
  const expected = expectations[expectation] ?? 'any';
  // Behind means after event 0: what would be retried there is event 1.
  const retried = idsOf(proposes, expected === 0 ? ids.slice(1) : ids);
  return append(
    store,
    stream,
    expected,
    retried.map((id) => proposal('Happened', { n: 1 }, id)),
  );
};

const answerOf = ({ is, again }: { is: string; again?: boolean }): string =>
  ({ appended: again === true ? 'again' : 'ok', wrong_expected_version: 'wrong', stream_deleted: 'deleted' })[is] ?? is;

describe('the rules for appending', () => {
  it('have an answer for every expectation, state and proposal', () => {
    expect(cells).toHaveLength(96);
  });

  it.each(cells)(
    'say $answer to $proposes ids, expecting $expectation, where the stream is $state',
    async ({ expectation, state, proposes, answer }) => {
      const store = freshStore();
      const { ids, position } = await prepare(store, 'stream-1', state);
      const before = store.head();
      const outcome = await attempt(store, 'stream-1', expectation, proposes, ids);
      expect(answerOf(outcome)).toBe(answer);
      if (outcome.is === 'appended') {
        const last = state === 'missing' ? -1 : 1;
        expect(outcome.revisions).toEqual([answer === 'ok' ? last + 2 : 1]);
        expect(outcome.position).toBe(answer === 'ok' ? before + 2 : position);
      }
      if (outcome.is === 'wrong_expected_version') expect(outcome.actual).toBe(state === 'missing' ? 'no_stream' : 1);
      if (answer !== 'ok') expect(store.head()).toBe(before);
    },
  );

  it.each(cells.filter(({ expectation }) => expectation !== 'any' && expectation !== 'stream_exists'))(
    'say $answer after a restart too: $proposes ids, expecting $expectation, $state',
    async ({ expectation, state, proposes, answer }) => {
      const folder = freshFolder();
      const first = freshStore({}, folder);
      const { ids } = await prepare(first, 'stream-1', state);
      await first.close();
      const outcome = await attempt(freshStore({}, folder), 'stream-1', expectation, proposes, ids);
      expect(answerOf(outcome)).toBe(answer);
    },
  );

  it('forget the ids behind any and stream_exists when the store is opened anew', async () => {
    const folder = freshFolder();
    const first = freshStore({}, folder);
    const events = [proposal()];
    await appended(append(first, 'stream-1', 'any', events));
    await first.close();
    expect(await append(freshStore({}, folder), 'stream-1', 'any', events)).toMatchObject({ again: false });
  });

  it('know a retry in the very group that its original travels in', async () => {
    const store = freshStore();
    const events = [proposal(), proposal()];
    const [one, two, three] = await Promise.all(
      ['no_stream', 'no_stream', 'any'].map((expected) => append(store, 'stream-1', expected as Expected, events)),
    );
    expect(one).toMatchObject({ revisions: [1], position: 2, again: false });
    expect([two, three]).toEqual([
      { ...one, again: true },
      { ...one, again: true },
    ]);
    expect(store.head()).toBe(2);
  });

  it('let one of many win who expect the same revision', async () => {
    const store = freshStore();
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, () => append(store, 'stream-1', 'no_stream', [proposal()])),
    );
    expect(outcomes.filter(({ is }) => is === 'appended')).toHaveLength(1);
    expect(everything(store)).toHaveLength(1);
  });

  it('answer an empty append with the stream as it is, where the expectation holds', async () => {
    const store = freshStore();
    expect(await append(store, 'stream-1', 'no_stream', [])).toMatchObject({ is: 'appended', revisions: [-1] });
    await appended(append(store, 'stream-1', 'no_stream', [proposal(), proposal()]));
    expect(await append(store, 'stream-1', 1, [])).toMatchObject({ is: 'appended', revisions: [1] });
    expect(await append(store, 'stream-1', 'any', [])).toMatchObject({ is: 'appended', revisions: [1] });
    expect(await append(store, 'stream-1', 0, [])).toMatchObject({ is: 'wrong_expected_version', actual: 1 });
    expect(store.head()).toBe(2);
  });
});

describe('an append to several streams', () => {
  it('is recorded whole or not at all', async () => {
    const store = freshStore();
    const [a, b] = [proposal(), proposal()];
    const writes = [
      { stream: 'a', expected: 'no_stream', events: [a] },
      { stream: 'b', expected: 0, events: [b] },
    ] as const;
    expect(await store.append(writes)).toMatchObject({ is: 'wrong_expected_version', stream: 'b' });
    expect(store.head()).toBe(0);
    const free = [writes[0], { ...writes[1], expected: 'no_stream' as const }];
    expect(await store.append(free)).toEqual({ is: 'appended', revisions: [0, 0], position: 2, again: false });
    expect(await store.append(free)).toEqual({ is: 'appended', revisions: [0, 0], position: 2, again: true });
    const half = [writes[0], { stream: 'c', expected: 'no_stream' as const, events: [proposal()] }];
    expect(await store.append(half)).toMatchObject({ is: 'wrong_expected_version', stream: 'a' });
  });

  it('names each stream once', async () => {
    const write = { stream: 'a', expected: 'any', events: [proposal()] } as const;
    expect(await freshStore().append([write, { ...write, events: [proposal()] }])).toMatchObject({ is: 'invalid' });
  });
});

describe('a deleted stream', () => {
  it('reads as missing and goes on counting when it is written again', async () => {
    const store = freshStore();
    await appended(append(store, 's', 'no_stream', [proposal(), proposal()]));
    await appended(append(store, '$$s', 'no_stream', [proposal('$metadata', { $maxCount: 10, owner: 'me' })]));
    const removed = await appended(store.remove('s', 1));
    expect(removed).toMatchObject({ revisions: [1], position: 4 });
    expect(store.readStream('s', 'start', 'forward', 10)).toEqual({ is: 'not_found' });
    const again = await appended(append(store, 's', 'no_stream', [proposal(), proposal()]));
    expect(again).toMatchObject({ revisions: [3], position: 6 });
    expect(streamOf(store, 's').map(({ revision }) => revision)).toEqual([2, 3]);
    expect(textOf(streamOf(store, '$$s')[0]!)).toBe('{"$tb":2}');
    expect(everything(store)).toHaveLength(7);
  });

  it('keeps the rest of what its metadata says, large numbers to the digit', async () => {
    const store = freshStore();
    await appended(append(store, 's', 'no_stream', [proposal()]));
    const deletion = {
      ...proposal('$metadata'),
      data: Buffer.from('{"$tb":9223372036854775807,"big":9007199254740993}'),
    };
    await appended(append(store, '$$s', 'no_stream', [deletion]));
    await appended(append(store, 's', 'any', [proposal()]));
    expect(textOf(streamOf(store, '$$s')[0]!)).toBe('{"$tb":1,"big":9007199254740993}');
  });

  it('comes back empty when its metadata is written', async () => {
    const store = freshStore();
    await appended(append(store, 's', 'no_stream', [proposal()]));
    await appended(store.remove('s', 'any'));
    await appended(append(store, '$$s', 'any', [proposal('$metadata', { $maxCount: 3 })]));
    expect(store.readStream('s', 'start', 'forward', 10)).toMatchObject({ is: 'events', events: [], last: 0 });
    expect(textOf(streamOf(store, '$$s')[0]!)).toBe('{"$maxCount":3,"$tb":1}');
  });

  it('cannot be deleted before it was created, unless it was described', async () => {
    const store = freshStore();
    expect(await store.remove('s', 'any')).toMatchObject({ is: 'wrong_expected_version', actual: 'no_stream' });
    await appended(append(store, '$$s', 'any', [proposal('$metadata', {})]));
    expect(await store.remove('s', 'any')).toMatchObject({ is: 'appended' });
  });

  it('is checked against the expected revision', async () => {
    const store = freshStore();
    await appended(append(store, 's', 'no_stream', [proposal(), proposal()]));
    for (const kind of ['remove', 'tombstone'] as const) {
      expect(await store[kind]('s', 0)).toMatchObject({ is: 'wrong_expected_version', actual: 1 });
      expect(await store[kind]('s', 'no_stream')).toMatchObject({ is: 'wrong_expected_version', actual: 1 });
    }
    expect(store.head()).toBe(2);
  });

  it('stays deleted for good after a tombstone, its metadata with it', async () => {
    const folder = freshFolder();
    const store = freshStore({}, folder);
    await appended(append(store, 's', 'no_stream', [proposal()]));
    const { revisions } = await appended(store.tombstone('s', 0));
    expect(revisions).toEqual([tombstoneRevision]);
    await store.close();
    const reopened = freshStore({}, folder);
    for (const stream of ['s', '$$s']) {
      expect(reopened.readStream(stream, 'start', 'forward', 10)).toEqual({ is: 'deleted' });
      expect(await append(reopened, stream, 'any', [proposal()])).toEqual({ is: 'stream_deleted', stream });
    }
    expect(await reopened.remove('s', 'any')).toMatchObject({ is: 'stream_deleted' });
    expect(everything(reopened).map(({ type, revision }) => [type, revision])).toEqual([
      ['Happened', 0],
      ['$streamDeleted', tombstoneRevision],
    ]);
  });

  it('may be tombstoned before it was ever written', async () => {
    const store = freshStore();
    expect(await store.tombstone('s', 'no_stream')).toMatchObject({ is: 'appended' });
    expect(await append(store, 's', 'no_stream', [proposal()])).toMatchObject({ is: 'stream_deleted' });
  });
});
