import { describe, expect, it } from 'vitest';
import { faultsOf } from '../../scripts/lock.mjs';

const entry = { version: '1.0.0', integrity: 'sha512-x' };
const lock = (packages: object): object => ({ lockfileVersion: 3, packages: { '': {}, ...packages } });

describe('the check of the lock file', () => {
  it('finds nothing amiss in a whole one', () => {
    const whole = {
      'node_modules/a': { ...entry, optionalDependencies: { b: '1' } },
      'node_modules/a/node_modules/b': entry,
    };
    expect(faultsOf(lock(whole))).toEqual([]);
  });
  it('misses the optional package that npm left out without a word', () => {
    expect(faultsOf(lock({ 'node_modules/a': { ...entry, optionalDependencies: { 'a-win-x64': '1' } } }))).toEqual([
      'a-win-x64, optional for a, has no entry',
    ]);
  });
  it('objects to a host that every clone would have to reach', () => {
    const resolved = 'https://packages.example/a/-/a-1.0.0.tgz';
    expect(faultsOf(lock({ 'node_modules/a': { ...entry, resolved } }))).toEqual([
      `a names where it was fetched: ${resolved}`,
    ]);
  });
  it('objects to a package whose content nobody vouches for', () => {
    expect(faultsOf(lock({ 'node_modules/a': { version: '1.0.0' } }))).toEqual(['a has no integrity']);
  });
  it('objects to an empty one', () => {
    expect(faultsOf({ lockfileVersion: 3 })).toEqual(['it lists no packages']);
  });
});
