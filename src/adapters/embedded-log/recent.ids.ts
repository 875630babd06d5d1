import { recentIdsMax } from './limits.ts';
import { createRecall, type Recall } from './recall.ts';

/** Where an event of this id was recorded. */
export interface Recorded {
  readonly stream: string;
  readonly revision: number;
  readonly position: number;
}

/** Places of the newest events by their ids: what makes a retry with `any` or `stream_exists` idempotent for a while. */
export type RecentIds = Recall<Recorded>;

export const recentIds = (): RecentIds => createRecall(recentIdsMax);
