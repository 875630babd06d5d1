import type { Embedded, Embeddings, Unembedded, VectorIndex } from '../../ports.memory.ts';
import type { Clock, Journal } from '../../ports.ts';
import { toil, type Round, type Toil } from '../toil.ts';

/** What one request embeds: the bound of a provider (requirements D90). */
const textsMax = 100;
/** So long nobody else embeds what this node has begun to; longer than any request may take. */
const claimMsMax = 5 * 60_000;
/** A text that a provider refuses is tried again after so long: another model may have been set by then. */
const refusedMs = 24 * 3_600_000;
/** So often every text is looked at, beside what has just changed: another node may have died of one, or folded it anew. */
const lookMs = 30_000;
const sweepMs = 60_000;
const pauseMs = 500;
const pauseMsMax = 60_000;

export interface EmbedderParts {
  readonly embeddings: Embeddings;
  readonly vectors: VectorIndex;
  readonly clock: Clock;
  readonly journal: Journal;
  /** Up to which position of the log what is remembered is known to be there. */
  readonly reached: () => bigint;
  /** Whether what is remembered is all there: while it is folded anew, what has no item yet is not forgotten. */
  readonly isWhole: () => Promise<boolean>;
}

type Failed = Extract<Embedded, { readonly ok: false }>;

/** One text alone is at fault where the provider refuses a request, not the provider. */
const isRefusal = ({ fault, retryable }: Failed): boolean => fault === 'invalid_request' && !retryable;

/** Embeds what was claimed, and keeps it; a request that is refused is asked for text by text. Answers what went wrong. */
const embedAll = async (
  { embeddings, vectors, clock, journal }: Omit<EmbedderParts, 'isWhole' | 'reached'>,
  claimed: readonly Unembedded[],
  signal: AbortSignal,
): Promise<Failed | undefined> => {
  const { model } = embeddings;
  const digests = claimed.map(({ content_digest }) => content_digest);
  const outcome = await embeddings.embed(
    claimed.map(({ text }) => text),
    { signal },
  );
  if (outcome.ok) {
    const all = digests.flatMap((content_digest, place) => {
      const vector = outcome.vectors[place];
      return vector === undefined ? [] : [{ content_digest, vector }];
    });
    await vectors.keep(model, all);
    return undefined;
  }
  if (!isRefusal(outcome)) {
    await vectors.release(model, digests, clock.now());
    return outcome;
  }
  if (claimed.length === 1) {
    await vectors.release(model, digests, clock.now() + refusedMs);
    journal.warn('text_not_embedded', { content_digest: digests[0], reason: outcome.message });
    return undefined;
  }
  for (const [place, text] of claimed.entries()) {
    const gone = await embedAll({ embeddings, vectors, clock, journal }, [text], signal);
    if (gone === undefined) continue;
    await vectors.release(model, digests.slice(place), clock.now());
    return gone;
  }
  return undefined;
};

/**
 * Gives every remembered text its vector, once, whoever remembers it and however often read models are rebuilt. It claims a
 * few texts, asks for their vectors outside any transaction, and keeps them; where a provider fails, the claims are given
 * back and it waits, longer each time. A claim whose node died is anybody's when its time is up. Nothing waits for it: what
 * has no vector yet is found by its words.
 */
export const embedder = (parts: EmbedderParts): Toil => {
  const { embeddings, vectors, clock, journal, isWhole, reached } = parts;
  const { model, dimensions } = embeddings;
  const pauseAfter = (failures: number): number => Math.min(pauseMsMax, pauseMs * 2 ** Math.min(failures - 1, 10));
  let swept = clock.now();
  /** When every text was last looked at, and up to where all that is remembered has been. */
  let wholeDue = swept;
  let seen = -1n;

  /** Until nothing is left to claim; answers how long to wait. */
  const round = async (signal: AbortSignal, before: number): Promise<Round> => {
    const everything = clock.now() >= wholeDue;
    for (let failures = before; !signal.aborted; failures = 0) {
      const now = clock.now();
      const upTo = reached();
      const claimed = await vectors.claim(model, now, now + claimMsMax, textsMax, everything ? undefined : seen);
      if (claimed.length === 0) {
        seen = upTo;
        if (everything) wholeDue = now + lookMs;
        break;
      }
      const gone = await embedAll(parts, claimed, signal);
      if (gone === undefined || signal.aborted) continue;
      journal.warn('embedding_failed', { fault: gone.fault, reason: gone.message, failures: failures + 1 });
      return { waitMs: gone.retry_after_ms ?? pauseAfter(failures + 1), failed: true };
    }
    if (clock.now() - swept >= sweepMs && (await isWhole())) {
      swept = clock.now();
      await vectors.forget();
      await vectors.tend(model, dimensions);
    }
    return { waitMs: lookMs };
  };

  return toil(round, (error, failures) => {
    journal.warn('embedder_interrupted', { error: String(error) });
    return pauseAfter(failures);
  });
};
