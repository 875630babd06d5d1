import { filterRegex } from '../name.filter.ts';
import type { StoreFilter } from '../storage.ts';
import type { FilterRequest } from '../wire/read-request.ts';
import { invalid } from './failure.ts';

/**
 * The store's filter for the one asked for. .NET's expressions and JavaScript's agree where filters are concerned; the
 * store bounds the time they may take.
 */
export const storeFilterOf = ({ on, regex, prefixes }: FilterRequest): StoreFilter => {
  if (regex !== undefined) return { by: on === 'type' ? 'type_regex' : 'stream_regex', regex: filterRegex(regex) };
  if (prefixes.length === 0) throw invalid('a filter has neither an expression nor prefixes');
  return { by: on === 'type' ? 'type_prefix' : 'stream_prefix', prefixes };
};
