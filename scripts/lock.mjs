// Checks that `npm ci` will work elsewhere, for the lock file was written on one machine (docs/stack.md). Ends with 1 when not.
// Usage: node scripts/lock.mjs [package-lock.json]
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const nameOf = (place) => place.replace(/^.*node_modules\//, '');

/** What is wrong with a lock file, one sentence each; empty when nothing is. */
export const faultsOf = (lock) => {
  const faults = [];
  if (lock.lockfileVersion !== 3) faults.push(`lockfileVersion is ${lock.lockfileVersion}, not 3`);
  const packages = Object.entries(lock.packages ?? {});
  if (packages.length < 2) faults.push('it lists no packages');
  const names = new Set(packages.map(([place]) => nameOf(place)));
  for (const [place, described] of packages) {
    // npm leaves a platform package out of the lock file without a word when the registry lacks it, and `npm ci` then fails.
    for (const optional of Object.keys(described.optionalDependencies ?? {}))
      if (!names.has(optional))
        faults.push(`${optional}, optional for ${nameOf(place) || 'the project'}, has no entry`);
    // A host in here would bind every clone to the registry of whoever wrote it.
    if (described.resolved !== undefined && !described.link)
      faults.push(`${nameOf(place)} names where it was fetched: ${described.resolved}`);
    if (place !== '' && !described.link && described.integrity === undefined)
      faults.push(`${nameOf(place)} has no integrity`);
  }
  return faults;
};

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const file = process.argv[2] ?? 'package-lock.json';
  const faults = faultsOf(JSON.parse(readFileSync(file, 'utf8')));
  for (const fault of faults) process.stderr.write(`${file}: ${fault}\n`);
  process.stdout.write(faults.length === 0 ? `${file}: nothing amiss\n` : `${file}: ${faults.length} faults\n`);
  process.exitCode = faults.length === 0 ? 0 : 1;
}
