import {
  eventTypeFilter,
  excludeSystemEvents,
  streamNameFilter,
  type Filter as ServerFilter,
  type FilterBase,
} from '@eventstore/db-client';
import { LogError, type Filter, type StoredEvent } from '../../ports.ts';

const regexOf = (regex: string): RegExp => {
  try {
    return new RegExp(regex);
  } catch (error) {
    throw new LogError('invalid', 'the filter is no regular expression', { cause: error });
  }
};

type Wanted = Pick<StoredEvent, 'type' | 'stream'>;

/** Whether an event passes a filter. Throws `invalid` where the filter is none. */
export const wanted = (filter: Filter | undefined): ((event: Wanted) => boolean) => {
  if (filter === undefined) return () => true;
  switch (filter.by) {
    case 'not_system':
      return ({ type, stream }) => !type.startsWith('$') && !stream.startsWith('$');
    case 'type_prefix':
      return ({ type }) => filter.prefixes.some((prefix) => type.startsWith(prefix));
    case 'stream_prefix':
      return ({ stream }) => filter.prefixes.some((prefix) => stream.startsWith(prefix));
    case 'type_regex': {
      const regex = regexOf(filter.regex);
      return ({ type }) => regex.test(type);
    }
    case 'stream_regex': {
      const regex = regexOf(filter.regex);
      return ({ stream }) => regex.test(stream);
    }
  }
};

/** The filter the server is asked to apply. It knows types or streams, not both: `wanted` leaves out what it lets by. */
export const serverFilter = (
  filter: Filter,
  checkpointReached: NonNullable<FilterBase['checkpointReached']>,
): ServerFilter => {
  switch (filter.by) {
    case 'not_system':
      return excludeSystemEvents({ checkpointReached });
    case 'type_prefix':
      return eventTypeFilter({ prefixes: [...filter.prefixes], checkpointReached });
    case 'stream_prefix':
      return streamNameFilter({ prefixes: [...filter.prefixes], checkpointReached });
    case 'type_regex':
      return eventTypeFilter({ regex: filter.regex, checkpointReached });
    case 'stream_regex':
      return streamNameFilter({ regex: filter.regex, checkpointReached });
  }
};
