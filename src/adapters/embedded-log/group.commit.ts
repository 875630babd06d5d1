import { crashPoint } from '../../crash-points.ts';
import { LogError } from '../../ports.ts';
import type { Pending } from './append.queue.ts';
import type { Group, Streams } from './group.ts';
import type { Head, HeadFile } from './head.file.ts';
import { messageOf, sqliteFault } from './sqlite.fault.ts';
import type { StoreOutcome } from './storage.ts';

/** What became of a group. Nothing of it was recorded when it is `full`; when it is `failed`, nobody knows. */
export type Ending =
  | { readonly is: 'recorded'; readonly outcomes: readonly StoreOutcome[]; readonly head: Head | undefined }
  | { readonly is: 'full' }
  | { readonly is: 'failed'; readonly message: string }
  | { readonly is: 'damaged'; readonly fault: LogError };

/** What an error says of the store. */
export const endingOf = (error: unknown): Exclude<Ending, { readonly is: 'recorded' }> => {
  if (error instanceof LogError) return { is: 'damaged', fault: error };
  const message = messageOf(error);
  switch (sqliteFault(error)) {
    case 'full':
      return { is: 'full' };
    case 'corrupt':
      return { is: 'damaged', fault: new LogError('corrupt', `the log is damaged: ${message}`, { cause: error }) };
    case 'busy':
    case 'failed':
      return { is: 'failed', message };
  }
};

/** As far as is known nothing of the group was recorded: the caches must not remember it. */
const giveUp = ({ db, heads, ids }: Streams, group: Group, error: unknown): Ending => {
  heads.forgetAll();
  for (const { id } of group.records) ids.forget(id);
  try {
    db.rollback();
  } catch (failure) {
    return { is: 'failed', message: `${messageOf(error)}, then ${messageOf(failure)}` };
  }
  return endingOf(error);
};

/**
 * Writes a group durably: the database first, then the head file, so that the head never promises what is not there, and
 * whatever is answered or published is promised.
 */
export const commitGroup = (
  streams: Streams,
  headFile: HeadFile,
  group: Group,
  pending: readonly Pending[],
): Ending => {
  let head: Head;
  let outcomes: readonly StoreOutcome[];
  try {
    streams.db.begin();
    outcomes = pending.map(({ attempt }) => attempt(group));
    if (group.records.length === 0) {
      streams.db.rollback();
      return { is: 'recorded', outcomes, head: undefined };
    }
    head = { running: group.seal(), position: group.position() };
    crashPoint('log.before_commit');
    streams.db.commit();
  } catch (error) {
    return giveUp(streams, group, error);
  }
  crashPoint('log.after_commit');
  try {
    headFile.write(head);
  } catch (error) {
    // Durable in the database and unknown to the head: only a restart may say that it happened.
    return { is: 'failed', message: messageOf(error) };
  }
  crashPoint('log.after_head');
  return { is: 'recorded', outcomes, head };
};
