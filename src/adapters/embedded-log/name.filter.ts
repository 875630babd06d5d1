import vm from 'node:vm';
import { LogError } from '../../ports.ts';
import { regexLengthMax, regexMsMax, regexTriesMax, regexVerdictsMax } from './limits.ts';
import type { StoredRecord, StoreFilter } from './storage.ts';

/** Regexes run where a clock can stop them: one that backtracks for ever would stop the log (ReDoS). */
const stage = vm.createContext(Object.create(null) as Record<string, unknown>);
const trial = new vm.Script('names.map((name) => regex.test(name))');

const verdicts = new WeakMap<RegExp, Map<string, boolean>>();

const cpuMs = (): number => {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
};

/** What a regex says of some names, within its time. A thread that was not let run gets another try, longer each time. */
const tried = (triesLeft = regexTriesMax, waitMsMax = regexMsMax): readonly boolean[] => {
  const begun = cpuMs();
  try {
    return trial.runInContext(stage, { timeout: waitMsMax }) as readonly boolean[];
  } catch (error) {
    if (cpuMs() - begun < regexMsMax && triesLeft > 1) return tried(triesLeft - 1, 2 * waitMsMax);
    throw new LogError('invalid', `the regex takes more than ${regexMsMax} ms for a page of names`, { cause: error });
  }
};

const judge = (regex: RegExp, names: readonly string[], known: Map<string, boolean>): void => {
  stage['regex'] = regex;
  stage['names'] = names;
  const found = tried();
  for (const [n, name] of names.entries()) known.set(name, found[n] === true);
};

/** The regex of a filter; `invalid` where it is none, too long, or keeps a state between names. */
export const filterRegex = (source: string): RegExp => {
  if (source.length > regexLengthMax)
    throw new LogError('invalid', `a filter's regex has at most ${regexLengthMax} characters`);
  try {
    return new RegExp(source);
  } catch (error) {
    throw new LogError('invalid', 'the filter is no regular expression', { cause: error });
  }
};

const matchingRegex = (regex: RegExp, records: readonly StoredRecord[], nameOf: (record: StoredRecord) => string) => {
  if (regex.global || regex.sticky || regex.source.length > regexLengthMax)
    throw new LogError('invalid', 'a filter needs a short regex without the flags g and y');
  const known = verdicts.get(regex) ?? new Map<string, boolean>();
  verdicts.set(regex, known);
  if (known.size > regexVerdictsMax) known.clear();
  const unknown = new Set(records.map(nameOf).filter((name) => !known.has(name)));
  if (unknown.size > 0) judge(regex, [...unknown], known);
  return records.filter((record) => known.get(nameOf(record)));
};

const matchingPrefix = (
  prefixes: readonly string[],
  records: readonly StoredRecord[],
  nameOf: (record: StoredRecord) => string,
) => records.filter((record) => prefixes.some((prefix) => nameOf(record).startsWith(prefix)));

const typeOf = ({ type }: StoredRecord): string => type;
const streamOf = ({ stream }: StoredRecord): string => stream;

/** The records that a reader wants, in order. Throws `invalid` where a regex is not fit to run here. */
export const matching = (
  filter: StoreFilter | undefined,
  records: readonly StoredRecord[],
): readonly StoredRecord[] => {
  switch (filter?.by) {
    case undefined:
      return records;
    case 'not_system':
      return records.filter(({ type, stream }) => !type.startsWith('$') && !stream.startsWith('$'));
    case 'type_prefix':
      return matchingPrefix(filter.prefixes, records, typeOf);
    case 'stream_prefix':
      return matchingPrefix(filter.prefixes, records, streamOf);
    case 'type_regex':
      return matchingRegex(filter.regex, records, typeOf);
    case 'stream_regex':
      return matchingRegex(filter.regex, records, streamOf);
  }
};
