import type { StoredEvent } from '../../ports.ts';

const charsPerValue = 8;
/** Deeper than this nothing is counted: the log's own limit on an event bounds what is there. */
const depthMax = 32;

const weigh = (value: unknown, depth: number): number => {
  if (typeof value === 'string') return value.length;
  if (typeof value !== 'object' || value === null || depth > depthMax) return charsPerValue;
  let sum = charsPerValue;
  for (const [name, member] of Object.entries(value)) sum += name.length + weigh(member, depth + 1);
  return sum;
};

/** About how many characters an event takes, so that queues and batches can be bounded by more than their number. */
export const weightOf = ({ data, stream, type }: StoredEvent): number =>
  weigh(data, 0) + stream.length + type.length + 200;
