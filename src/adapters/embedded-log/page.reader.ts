import { LogError, type ReadAll, type ReadStream, type StoredEvent } from '../../ports.ts';
import type { AllAnswer, StreamAnswer } from './messages.ts';
import { decodePage } from './page.codec.ts';
import type { LogThread } from './thread.ts';

type Ask = LogThread['ask'];

/** While a page is being handled the next one is on its way, and no more than that. */
const ahead = <Said>(answer: Promise<Said>): Promise<Said> => {
  // Whoever stops reading leaves a page unfetched: its failure is nobody's concern.
  answer.catch(() => undefined);
  return answer;
};

const limitOf = (limit: number | undefined): number => {
  if (limit === undefined) return Number.MAX_SAFE_INTEGER;
  if (Number.isSafeInteger(limit) && limit >= 0) return limit;
  throw new LogError('invalid', `a limit of ${limit} events is none`);
};

/** The pages of a stream; none where it is missing or soft-deleted. Throws `stream_deleted` for a tombstone. */
export async function* readStreamPages(
  ask: Ask,
  stream: string,
  { from, direction = 'forward', limit }: ReadStream = {},
): AsyncGenerator<readonly StoredEvent[]> {
  const first = from ?? (direction === 'forward' ? 'start' : 'end');
  const request = (start: number | 'start' | 'end', count: number): Promise<StreamAnswer> =>
    ahead(ask<StreamAnswer>({ ask: 'stream', stream, from: start, direction, limit: count }).answer);
  let left = limitOf(limit);
  let coming = left > 0 ? request(first, left) : undefined;
  while (coming !== undefined) {
    const { is, page, next } = await coming;
    if (is === 'deleted') throw new LogError('stream_deleted', `the stream ${stream} is deleted for good`);
    left -= page.ids.length;
    coming = next !== undefined && left > 0 ? request(next, left) : undefined;
    if (page.ids.length > 0) yield decodePage(page);
  }
}

/** A position of the port as the store counts them; beyond both ends there is nothing. */
export const positionOf = (position: bigint | 'start' | 'end'): number | 'start' | 'end' => {
  if (typeof position === 'string') return position;
  const number = Number(position);
  return Number.isSafeInteger(number) ? Math.max(number, 0) : 'end';
};

/** The position of the port for one of the store, whose first is 1: what is 0 there is before the first event. */
export const reachedPosition = (position: number): bigint => (position === 0 ? -1n : BigInt(position));

/** The pages of the whole log, or of what a filter leaves of it. */
export async function* readAllPages(
  ask: Ask,
  { from, direction = 'forward', limit, filter }: ReadAll = {},
): AsyncGenerator<readonly StoredEvent[]> {
  const first = positionOf(from ?? (direction === 'forward' ? 'start' : 'end'));
  const request = (start: number | 'start' | 'end', count: number): Promise<AllAnswer> => {
    // A filter may leave nothing of a page, so a page is as long as it may be, and cut here.
    const events = filter === undefined ? count : Number.MAX_SAFE_INTEGER;
    return ahead(ask<AllAnswer>({ ask: 'all', from: start, direction, limit: events, filter }).answer);
  };
  let left = limitOf(limit);
  let coming = left > 0 ? request(first, left) : undefined;
  while (coming !== undefined) {
    const { page, considered, end }: AllAnswer = await coming;
    const found = page.ids.length;
    const next = direction === 'forward' ? considered + 1 : considered;
    coming = !end && left > found ? request(next, left - found) : undefined;
    if (found > 0) yield decodePage(page).slice(0, left);
    left -= found;
  }
}
