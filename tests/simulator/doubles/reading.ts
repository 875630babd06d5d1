import { filterRegex } from '../../../src/adapters/embedded-log/name.filter.ts';
import { streamNameFault } from '../../../src/adapters/embedded-log/proposal.check.ts';
import { LogError, type Filter, type StoredEvent } from '../../../src/ports.ts';
import type { DurableLog } from './durable.log.ts';
import type { Memory } from './memory.ts';

const passing = (filter: Filter | undefined): ((event: StoredEvent) => boolean) => {
  switch (filter?.by) {
    case undefined:
      return () => true;
    case 'not_system':
      return ({ type, stream }) => !type.startsWith('$') && !stream.startsWith('$');
    case 'type_prefix':
      return ({ type }) => filter.prefixes.some((prefix) => type.startsWith(prefix));
    case 'stream_prefix':
      return ({ stream }) => filter.prefixes.some((prefix) => stream.startsWith(prefix));
    case 'type_regex':
    case 'stream_regex': {
      const regex = filterRegex(filter.regex);
      return ({ type, stream }) => regex.test(filter.by === 'type_regex' ? type : stream);
    }
  }
};

/** What reads a log: pages of one stream, and of all. */
export const reads = (known: Memory): Pick<DurableLog, 'page' | 'pageOfAll'> => {
  const { all, streams, isTombstoned, settingsOf, indexOf, now } = known;
  const firstVisible = (stream: string, events: readonly StoredEvent[]): number => {
    const { max_count, max_age_s, truncate_before } = settingsOf(stream);
    const first = Math.max(0, truncate_before, max_count === undefined ? 0 : events.length - max_count);
    if (max_age_s === undefined) return first;
    const oldest = now() - max_age_s * 1_000;
    const young = events.findIndex(({ recorded_at }) => Date.parse(recorded_at) >= oldest);
    return Math.max(first, young < 0 ? events.length : young);
  };

  return {
    page: (stream, from, direction, limit) => {
      const fault = streamNameFault(stream);
      if (fault !== undefined) throw new LogError('invalid', fault);
      if (isTombstoned(stream)) throw new LogError('stream_deleted', `the stream ${stream} is deleted for good`);
      const events = streams.get(stream)?.events ?? [];
      const first = settingsOf(stream).soft_deleted ? events.length : firstVisible(stream, events);
      if (direction === 'forward') {
        const start = Math.max(from === 'start' ? 0 : from === 'end' ? events.length : from, first);
        const found = events.slice(start, start + limit);
        const next = start + found.length;
        return { events: found, next: found.length > 0 && next < events.length ? next : undefined };
      }
      const start = Math.min(from === 'end' ? events.length : from === 'start' ? 0 : from, events.length - 1);
      const found = events.slice(Math.max(first, start - limit + 1), Math.max(first, start + 1)).toReversed();
      const next = start - found.length;
      return { events: found, next: found.length > 0 && next >= first ? next : undefined };
    },
    pageOfAll: (from, direction, limit, filter) => {
      const wanted = passing(filter);
      if (direction === 'forward') {
        const start = from === 'start' ? 0 : from === 'end' ? all.length : indexOf(Number(from));
        const found = all.slice(start, start + limit);
        const end = start + found.length >= all.length;
        const considered = found.at(-1)?.position ?? all.at(-1)?.position ?? -1n;
        return { events: found.filter(wanted), considered, end };
      }
      const start = from === 'end' ? all.length : from === 'start' ? 0 : indexOf(Number(from));
      const found = all.slice(Math.max(0, start - limit), start).toReversed();
      const considered = found.at(-1)?.position ?? 0n;
      return { events: found.filter(wanted), considered, end: start - found.length <= 0 };
    },
  };
};
