import type { Kysely, Transaction } from 'kysely';
import type { Lasting } from '../../schema.ts';
import { faultOf } from './fault.ts';

const attemptsMax = 5;
/** The pause after the n-th attempt is somewhere between none and this, doubled each time. */
const pauseMs = 20;

/** One transaction, and the same again where it was the victim of a deadlock or a serialization failure (assurance F41). */
export const inTransaction = async <T>(
  db: Kysely<Lasting>,
  work: (trx: Transaction<Lasting>) => Promise<T>,
): Promise<T> => retried(() => db.transaction().execute(work));

/** The same for a single statement, which is a transaction of its own. */
export const retried = async <T>(work: () => Promise<T>): Promise<T> => {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (faultOf(error) !== 'serialization' || attempt === attemptsMax) throw error;
      await new Promise((resolve) => setTimeout(resolve, Math.random() * pauseMs * 2 ** attempt));
    }
  }
};
