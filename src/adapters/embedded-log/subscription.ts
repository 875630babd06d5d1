import type { Batch, Subscribe } from '../../ports.ts';
import type { AllAnswer } from './messages.ts';
import { decodePage } from './page.codec.ts';
import { positionOf, reachedPosition } from './page.reader.ts';
import type { Conversation, LogThread } from './thread.ts';

/**
 * A subscription is a reader that asks for what comes after its last position; past the newest event the answer waits
 * until there is one. Catching up and being live are thus the same question, so nothing is skipped or told twice where
 * they meet, and the log's thread is never more than one page ahead of its reader.
 */
export async function* follow(ask: LogThread['ask'], { from, filter, signal }: Subscribe): AsyncGenerator<Batch> {
  const start = positionOf(from);
  const next = (after: number | 'end', live: boolean): Conversation<AllAnswer> => {
    const asked = ask<AllAnswer>({ ask: 'follow', after, filter, live });
    // Nobody may be waiting when the log ends; whoever asks next will hear of it.
    asked.answer.catch(() => undefined);
    return asked;
  };
  let coming = next(start === 'start' ? 0 : start, false);
  const giveUp = (): void => coming.forget();
  signal.addEventListener('abort', giveUp);
  try {
    while (!signal.aborted) {
      const { page, considered, end } = await coming.answer;
      coming = next(considered, end);
      yield { events: decodePage(page), position: reachedPosition(considered), live: end };
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    signal.removeEventListener('abort', giveUp);
    giveUp();
  }
}
