import { streamOf } from '../../domain/kernel/ids.ts';
import { bell } from '../bell.ts';
import type { Engine } from '../execute.ts';

/** Another node may end the session: that is seen by looking, so often. */
const pollMs = 1_000;

/** Waits until a session is closed, and answers the position at which it was; undefined where the signal was aborted first. */
export const sessionEnd = async (
  { log, appended }: Engine,
  session_id: string,
  signal: AbortSignal,
): Promise<bigint | undefined> => {
  const stream = streamOf('session', session_id);
  const ends = bell();
  const hear = (changed: string): void => {
    if (changed === stream) ends.ring();
  };
  appended.add(hear);
  signal.addEventListener('abort', ends.ring, { once: true });
  try {
    while (!signal.aborted) {
      for await (const page of log.read(stream, { direction: 'backward', from: 'end', limit: 1 }))
        for (const { type, position } of page) if (type === 'SessionClosed') return position;
      await ends.wait(pollMs);
    }
    return undefined;
  } finally {
    appended.delete(hear);
    signal.removeEventListener('abort', ends.ring);
  }
};
