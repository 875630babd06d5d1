import { existsSync } from 'node:fs';
import path from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { catalogue } from '../../src/domain/catalogue.ts';
import { citationsIn, faultOf } from './promises.ts';
import {
  classesOnlyByDemand,
  noAnyRevision,
  noClock,
  plainFileNames,
  plainNames,
  shortFiles,
  shortFunctions,
  unitsLast,
  type Rule,
} from './rules.ts';
import { filesBelow, read, repository } from './tree.ts';

const sources = filesBelow('src').filter((file) => file.endsWith('.ts'));
const faultsOf = (rule: Rule, files: readonly string[] = sources): readonly string[] =>
  files.flatMap((file) => rule(read(file)));

describe('the source', () => {
  it('is there', () => {
    expect(sources.length).toBeGreaterThan(20);
  });
  it('keeps every file short enough to be read at once', () => {
    expect(faultsOf(shortFiles)).toEqual([]);
  });
  it('keeps every function on a screen', () => {
    expect(faultsOf(shortFunctions)).toEqual([]);
  });
  it('names files and folders after what is in them', () => {
    expect(
      faultsOf(plainFileNames, [...filesBelow('src'), ...filesBelow('bench').filter((file) => file.endsWith('.ts'))]),
    ).toEqual([]);
  });
  it('has no names that say nothing', () => {
    expect(faultsOf(plainNames)).toEqual([]);
  });
  it('has no classes but the ones a library or a catch demands', () => {
    expect(faultsOf(classesOnlyByDemand)).toEqual([]);
  });
  it('ends the name of every number with its unit', () => {
    expect(faultsOf(unitsLast)).toEqual([]);
  });
  it('reads no clock outside adapters, wiring and main', () => {
    expect(faultsOf(noClock)).toEqual([]);
  });
  it('expects a revision of every stream it appends to', () => {
    expect(faultsOf(noAnyRevision)).toEqual([]);
  });
});

describe('the events', () => {
  const versions = [...catalogue.definitions.values()].flatMap((definition) =>
    definition.schemas.map((_, index) => ({ definition, version: index + 1 })),
  );
  const goldenOf = (type: string, version: number): string => `tests/golden/events/${type}.v${version}.json`;

  it('have a golden file for every version there ever was', () => {
    const missing = versions
      .map(({ definition, version }) => goldenOf(definition.type, version))
      .filter((file) => !existsSync(path.join(repository, file)));
    expect(missing).toEqual([]);
  });
  it('read every golden file into the shape of today', () => {
    for (const { definition, version } of versions) {
      const file = goldenOf(definition.type, version);
      if (!existsSync(path.join(repository, file))) continue;
      const stored: unknown = JSON.parse(read(file).text);
      const today = definition.read(version, stored);
      expect(E.isRight(today) ? E.isRight(definition.check(today.right)) : today.left, file).toBe(true);
    }
  });
  it('have no golden file that nobody reads', () => {
    const known = new Set(versions.map(({ definition, version }) => goldenOf(definition.type, version)));
    const present = existsSync(path.join(repository, 'tests/golden/events')) ? filesBelow('tests/golden/events') : [];
    expect(present.filter((file) => !known.has(file))).toEqual([]);
  });
});

describe('the promises', () => {
  it('each name a test that exists', () => {
    const { citations, bare } = citationsIn(read('docs/promises.md').text);
    expect(bare.map((line) => `docs/promises.md:${line}: cites no test`)).toEqual([]);
    expect(citations.map(faultOf).filter((fault) => fault !== undefined)).toEqual([]);
    expect(citations.length).toBeGreaterThan(0);
  });
  it('say how the tests are run that `npm test` leaves out', () => {
    const { text } = read('docs/promises.md');
    const above = text.slice(0, text.indexOf('\n|'));
    expect(above).toContain('`npm run campaigns`');
    expect(JSON.parse(read('package.json').text)).toMatchObject({ scripts: { campaigns: expect.any(String) } });
  });
});

describe('the repository', () => {
  /** Written in halves, so that the rule does not find itself. */
  const words = [
    ['/wo', 'rk/'],
    ['/ro', 'ot/'],
    ['far', 'm-'],
    ['.libr', 'ary/'],
    ['registry.npm', 'js.org'],
    ['co-authored', '-by'],
    ['generated', ' with'],
  ].map((halves) => new RegExp(`(?<![\\w.])${halves.join('')}`, 'i'));
  const prose = filesBelow('.').filter((file) => /\.(?:ts|mjs|md|json|ya?ml|sql|html)$|\/[^.]+$/.test(`/${file}`));

  it('speaks of itself alone: no paths of one machine, no registry, no authorship', () => {
    const faults = prose
      .filter((file) => file !== 'package-lock.json')
      .map((file) => read(file))
      .flatMap(({ path: file, text }) =>
        text.split('\n').flatMap((line, index) => {
          const found = words.map((word) => word.exec(line)?.[0]).find((word) => word !== undefined);
          return found === undefined ? [] : [`${file}:${index + 1}: says "${found}"`];
        }),
      );
    expect(faults).toEqual([]);
  });
  it('runs every test it has', () => {
    const onlySome = /\b(?:it|test|describe)\.(?:only|todo|skip)\b/;
    const faults = filesBelow('tests')
      .filter((file) => file.endsWith('.test.ts') && !file.startsWith('tests/tidy/'))
      .filter((file) => onlySome.test(read(file).text));
    expect(faults).toEqual([]);
  });
});
