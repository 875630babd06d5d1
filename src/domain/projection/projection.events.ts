import { z } from 'zod';
import { event, type Occurrence } from '../kernel/event.ts';

const projection = z.string().min(1).max(48);
const operation_id = z.uuid();

export const RebuildRequested = event('RebuildRequested', z.object({ projection, swap: z.enum(['auto', 'manual']) }));
export const RebuildSwapRequested = event('RebuildSwapRequested', z.object({ projection, operation_id }));
export const RebuildCancelRequested = event('RebuildCancelRequested', z.object({ projection, operation_id }));
export const ParkedRetryRequested = event('ParkedRetryRequested', z.object({ projection }));
export const ParkedSkipRequested = event(
  'ParkedSkipRequested',
  /** A position of the log, as a decimal string. */
  z.object({ projection, position: z.string().regex(/^\d{1,19}$/) }),
);

export const projectionEvents = [
  RebuildRequested,
  RebuildSwapRequested,
  RebuildCancelRequested,
  ParkedRetryRequested,
  ParkedSkipRequested,
] as const;
export type ProjectionEvent = Occurrence<typeof projectionEvents>;
