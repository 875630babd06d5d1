import { DatabaseError } from './fault.ts';

/** Who waits for the one connection, at most. */
const waitingMax = 10_000;
/** How long one waits for a transaction of somebody else to end. */
export const waitMsMax = 30_000;

interface Waiting {
  readonly alone: boolean;
  readonly admit: () => void;
}

/** Leave to use the connection; to be given back once. */
export type Leave = () => void;

/**
 * Turns at the one connection, first come, first served: many at once for single statements, which do not mind each
 * other, or one alone, for a transaction. Nobody waits for ever: after half a minute a turn is refused with `timeout`.
 */
export const turns = () => {
  const waiting: Waiting[] = [];
  let together = 0;
  let alone = false;

  const free = (wantsAlone: boolean): boolean => !alone && !(wantsAlone && together > 0);
  const enter = (isAlone: boolean): void => {
    if (isAlone) alone = true;
    else together++;
  };
  const admitNext = (): void => {
    for (let first = waiting[0]; first !== undefined && free(first.alone); first = waiting[0]) {
      waiting.shift();
      enter(first.alone);
      first.admit();
    }
  };

  const leave = (wasAlone: boolean): Leave => {
    let given = false;
    return () => {
      if (given) return;
      given = true;
      if (wasAlone) alone = false;
      else together--;
      admitNext();
    };
  };

  const wait = (wantsAlone: boolean): Promise<void> =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        waiting.splice(waiting.indexOf(entry), 1);
        reject(new DatabaseError('timeout', `waited ${waitMsMax} ms for a transaction of somebody else to end`));
        admitNext();
      }, waitMsMax);
      const entry: Waiting = {
        alone: wantsAlone,
        admit: () => {
          clearTimeout(timer);
          resolve();
        },
      };
      waiting.push(entry);
    });

  const take = async (wantsAlone: boolean): Promise<Leave> => {
    if (waiting.length >= waitingMax)
      throw new DatabaseError('unavailable', `${waitingMax} statements wait for the database already`);
    if (waiting.length === 0 && free(wantsAlone)) enter(wantsAlone);
    else await wait(wantsAlone);
    return leave(wantsAlone);
  };

  return {
    /** Beside others. */
    shared: () => take(false),
    /** With nobody else. */
    exclusive: () => take(true),
  };
};
