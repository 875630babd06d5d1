import { isOutage, throughOutages } from '../commands/outage.ts';
import { LogError, type EventLog, type Journal } from '../ports.ts';

/** Where the log ends, or that it does not answer yet: a node starts without it, and goes on when it is there (F20). */
export const headIfThere = async (log: EventLog, journal: Journal): Promise<bigint | undefined> => {
  try {
    return await log.head();
  } catch (error) {
    if (!isOutage(error)) throw error;
    journal.warn('log_out_of_reach', { error: String(error) });
    return undefined;
  }
};

/** The log opened, and only then was found to be damaged: what is whole of it is served all the same (F33). */
const isDamage = (error: unknown): boolean => error instanceof LogError && error.fault === 'corrupt';

const registeredNow = async (register: () => Promise<void>): Promise<boolean> => {
  try {
    await register();
    return true;
  } catch (error) {
    if (!isOutage(error) && !isDamage(error)) throw error;
    return false;
  }
};

/**
 * Registers what a node brings along (its default agent, its capabilities, a first policy): now where the log takes it, else as soon as it does, for asking twice registers it once.
 * Answers how to give that up.
 */
export const registeredInTime = async (
  register: () => Promise<void>,
  journal: Journal,
  { now }: { readonly now: boolean },
): Promise<() => Promise<void>> => {
  if (now && (await registeredNow(register))) return () => Promise.resolve();
  const ending = new AbortController();
  const later = throughOutages(register, ending.signal).catch((error: unknown) => {
    if (!ending.signal.aborted) journal.error('registration_missing', { error: String(error) });
  });
  return () => {
    ending.abort();
    return later;
  };
};
