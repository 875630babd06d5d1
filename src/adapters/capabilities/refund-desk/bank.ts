import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';

const Transfer = z.object({ key: z.string(), customer_id: z.string(), amount: z.number(), currency: z.string() });
export type Transfer = z.infer<typeof Transfer>;

/**
 * A bank that keeps idempotency keys, as payment services do: the same key is the same transfer, however often it is asked
 * for. Its book is a file with a line for each transfer.
 */
export const bankIn = (folder: string) => {
  const book = path.join(folder, 'bank.jsonl');
  const transfers = (): readonly Transfer[] =>
    existsSync(book)
      ? readFileSync(book, 'utf8')
          .split('\n')
          .filter((line) => line !== '')
          .map((line) => Transfer.parse(JSON.parse(line)))
      : [];
  return {
    transfers,
    /** Answers the transfer's id. */
    transfer: (key: string, what: Omit<Transfer, 'key'>): string => {
      if (!transfers().some((one) => one.key === key)) {
        mkdirSync(folder, { recursive: true });
        appendFileSync(book, `${JSON.stringify({ key, ...what })}\n`);
      }
      return `tr_${createHash('sha256').update(key).digest('hex').slice(0, 12)}`;
    },
  };
};
