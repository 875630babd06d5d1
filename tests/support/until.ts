import { setTimeout as pause } from 'node:timers/promises';

const lookMs = 25;
const patienceMs = 30_000;

/** Looks until there is something to see, and answers it; throws, with what was seen last, when it takes too long. */
export const until = async <T>(
  look: () => Promise<T | undefined>,
  { within_ms = patienceMs, seen = () => '' }: { readonly within_ms?: number; readonly seen?: () => string } = {},
): Promise<T> => {
  const deadline = Date.now() + within_ms;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error(`it did not come to be within ${within_ms} ms ${seen()}`);
    await pause(lookMs);
  }
};
