import { describe, expect, it } from 'vitest';
import type { Filter } from '../../../src/ports.ts';
import { anEvent, aStream, collected, eventsOf, followed, recorded, type Under } from './given.ts';

/** Letters only: the name goes into types, prefixes and expressions. */
const word = (): string => aStream('').replaceAll(/[^a-f]/g, '');

export const filtering = (under: Under): void => {
  /** Two streams and two types of a kind that nobody else writes, and metadata of one of them. */
  const given = async () => {
    const { log } = under();
    const [noun, kind] = [word(), word()];
    const from = (await recorded(log, aStream(), [anEvent()])).position;
    const [one, two] = [aStream(`${noun}one`), aStream(`${noun}two`)];
    await recorded(log, one, [anEvent(`${kind}Begun`, 1), anEvent(`${kind}Ended`, 2)]);
    await recorded(log, two, [anEvent(`${kind}Begun`, 3), anEvent('Other', 4)]);
    await log.setMetadata(one, 'no_stream', { custom: { kind } });
    const last = await recorded(log, aStream(), [anEvent(`${kind}Last`, 'last')]);
    return { log, from, noun, kind, one, two, last };
  };
  type Given = Awaited<ReturnType<typeof given>>;

  const cases: readonly (readonly [string, (given: Given) => Filter, readonly unknown[]])[] = [
    ['by the beginning of the type', ({ kind }) => ({ by: 'type_prefix', prefixes: [`${kind}Beg`] }), [1, 3]],
    [
      'by several beginnings of the type',
      ({ kind }) => ({ by: 'type_prefix', prefixes: [`${kind}E`, `${kind}L`] }),
      [2, 'last'],
    ],
    ['by the beginning of the stream', ({ noun }) => ({ by: 'stream_prefix', prefixes: [`${noun}two`] }), [3, 4]],
    ['by an expression on the type', ({ kind }) => ({ by: 'type_regex', regex: `^${kind}(Ended|Last)$` }), [2, 'last']],
    ['by an expression on the stream', ({ noun }) => ({ by: 'stream_regex', regex: `^${noun}(one|six)-.*$` }), [1, 2]],
  ];

  describe.each(cases)('%s', (_, filterOf, wanted) => {
    it('reads what passes', async () => {
      const there = await given();
      const found = await collected(there.log.readAll({ from: there.from, filter: filterOf(there) }));
      expect(found.map(({ data }) => data)).toEqual(wanted);
    });

    it('follows what passes', async () => {
      const there = await given();
      const enough = (): ((batch: { readonly position: bigint; readonly live: boolean }) => boolean) => {
        return ({ position, live }) => live || position >= there.last.position;
      };
      const batches = await followed(under(), there.from, enough(), filterOf(there));
      expect(eventsOf(batches).map(({ data }) => data)).toEqual(wanted);
    });
  });

  it('leaves the system out, in a read and in a subscription', async () => {
    const { log, from, one, last } = await given();
    const filter = { by: 'not_system' } as const;
    const ours = (await collected(log.readAll({ from }))).filter(({ position }) => position <= last.position);
    expect(ours.some(({ stream, type }) => stream === `$$${one}` && type === '$metadata')).toBe(true);
    const expected = ours.filter(({ type, stream }) => !type.startsWith('$') && !stream.startsWith('$'));
    const read = await collected(log.readAll({ from, filter }));
    expect(read.filter(({ position }) => position <= last.position)).toEqual(expected);
    const batches = await followed(under(), from, ({ position }) => position >= last.position, filter);
    const found = eventsOf(batches).filter(({ position }) => position <= last.position);
    expect(found).toEqual(expected.filter(({ position }) => position > from));
  });

  it('reads no more than asked of what passes', async () => {
    const { log, from, kind } = await given();
    const filter: Filter = { by: 'type_prefix', prefixes: [kind] };
    const found = await collected(log.readAll({ from, filter, limit: 2 }));
    expect(found.map(({ data }) => data)).toEqual([1, 2]);
    const newest = await collected(log.readAll({ direction: 'backward', filter, limit: 1 }));
    expect(newest.map(({ data }) => data)).toEqual(['last']);
  });

  it('refuses what is no regular expression', async () => {
    const { log } = under();
    const reading = collected(log.readAll({ filter: { by: 'type_regex', regex: '(' } }));
    await expect(reading).rejects.toMatchObject({ fault: 'invalid' });
    const following = followed(under(), 'start', () => true, { by: 'stream_regex', regex: '(' });
    await expect(following).rejects.toMatchObject({ fault: 'invalid' });
  });
};
