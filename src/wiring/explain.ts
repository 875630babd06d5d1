import { problemOfFault } from '../commands/refusals.ts';
import type { Problem } from '../domain/kernel/operation.ts';
import { problem } from '../problems.ts';
import type { Database, DatabaseFault } from '../schema.ts';

const retryAfterMs = 2_000;

/** The faults of a database that are not the question's own. */
const outOfReach: ReadonlySet<DatabaseFault> = new Set([
  'unavailable',
  'too_many_connections',
  'disk_full',
  'serialization',
  'timeout',
  'undefined_table',
  'damaged',
]);

/** What was thrown, as a problem; undefined for a bug. */
export const explain =
  ({ faultOf }: Database) =>
  (error: unknown): Problem | undefined => {
    const ofLog = problemOfFault(error);
    if (ofLog !== undefined) return ofLog;
    const fault = faultOf(error);
    if (!outOfReach.has(fault)) return undefined;
    return problem('read_model_unavailable', `the database of the read models says: ${fault}`, {
      retry_after_ms: retryAfterMs,
      more: { fault },
    });
  };
