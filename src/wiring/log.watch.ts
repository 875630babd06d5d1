import { LogError, type Appended, type EventLog, type Journal } from '../ports.ts';

/** What may be wrong with a log that answers: its disk is full, it is damaged, it is older than what was read of it. */
export type Ailment = 'disk_full' | 'corrupt' | 'rolled_back';

/** A log, and what is known to be wrong with it. */
export interface WatchedLog extends EventLog {
  /** In a sentence each; none where all is well. */
  readonly troubles: () => readonly string[];
  readonly ails: (ailment: Ailment, why: string) => void;
  /** Resolves when the log has failed, and this process can do nothing but end (assurance F36). */
  readonly failed: Promise<LogError>;
}

/**
 * How long a full disk is held against the log. Where `/ready` decides who is sent requests, the append that finds room
 * again would never come if it were for ever.
 */
const fullMs = 30_000;

/**
 * Notes what the log says of itself: a disk that is full, for a while or until something is recorded; damage, for good,
 * while what is whole is still served (F33); and its end. A log that is closed has not failed.
 */
export const watched = (log: EventLog, stopped: Promise<LogError> | undefined, journal: Journal): WatchedLog => {
  const ailments = new Map<Ailment, { readonly why: string; readonly since: number }>();
  const { promise: failed, resolve: fail } = Promise.withResolvers<LogError>();
  let closing = false;

  const ails = (ailment: Ailment, why: string): void => {
    if (!ailments.has(ailment)) journal.error(`log_${ailment}`, { error: why });
    ailments.set(ailment, { why, since: Date.now() });
  };

  const hear = (error: LogError): void => {
    if (closing) return;
    if (error.fault === 'corrupt') return ails('corrupt', `nothing is recorded any more: ${error.message}`);
    journal.error('log_failed', { error: error.message });
    fail(error);
  };
  void stopped?.then(hear);

  const noting = async (recording: Promise<Appended>): Promise<Appended> => {
    try {
      const outcome = await recording;
      if (outcome.ok && ailments.delete('disk_full')) journal.info('log_has_room', {});
      return outcome;
    } catch (error) {
      if (error instanceof LogError && error.fault === 'disk_full') ails('disk_full', error.message);
      throw error;
    }
  };

  return {
    ...log,
    append: (...asked) => noting(log.append(...asked)),
    appendMany: (...asked) => noting(log.appendMany(...asked)),
    close: () => {
      closing = true;
      return log.close();
    },
    ails,
    troubles: () => {
      const full = ailments.get('disk_full');
      if (full !== undefined && Date.now() - full.since > fullMs) ailments.delete('disk_full');
      return [...ailments.values()].map(({ why }) => why);
    },
    failed,
  };
};
