import type { Embedded, Embeddings } from '../../ports.memory.ts';
import { modelThread, type Answered } from './local.thread.ts';
import { cancelled, estimatedTokens, failed, unembeddable, unit } from './request.ts';

const dimensions = 512;
/** What the model takes at once: more is hardly faster for each text, and whoever asks in between waits longer. */
const batchTextsMax = 32;
const batchCharsMax = 8_192;

/** Texts in batches, in their order. */
const batchesOf = (texts: readonly string[]): readonly (readonly string[])[] => {
  const batches: string[][] = [];
  let chars = 0;
  for (const text of texts) {
    const last = batches.at(-1);
    if (last === undefined || last.length === batchTextsMax || chars + text.length > batchCharsMax) {
      batches.push([text]);
      chars = 0;
    } else last.push(text);
    chars += text.length;
  }
  return batches;
};

const outcomeOf = (texts: readonly string[], answers: readonly Answered[], latency_ms: number): Embedded => {
  const broken = answers.find((answer) => 'error' in answer);
  if (broken !== undefined) return failed('provider_error', broken.error, true);
  const vectors = answers.flatMap((answer) => ('rows' in answer ? answer.rows.map(unit) : []));
  const known = vectors.filter((vector) => vector?.length === dimensions);
  if (known.length !== texts.length) return failed('provider_error', 'the model answered no direction', false);
  const all = known as readonly Float32Array[];
  return { ok: true, vectors: all, input_tokens: estimatedTokens(texts), cost_micros: 0, latency_ms };
};

/**
 * The Universal Sentence Encoder (lite, English) in a thread of its own: its weights are in a package, so it needs neither a
 * network nor a key. It is loaded at the first request, in half a second, and holds some 200 MB until it is closed.
 */
export const localEmbeddings = (): Embeddings => {
  const thread = modelThread();
  return {
    provider: 'local',
    model: 'use-lite-en-512',
    dimensions,
    embed: async (texts, { signal }) => {
      const refusal = signal.aborted ? cancelled() : unembeddable(texts);
      if (refusal !== undefined) return refusal;
      const began = performance.now();
      const given = Promise.withResolvers<undefined>();
      const giveUp = (): void => given.resolve(undefined);
      signal.addEventListener('abort', giveUp, { once: true });
      const asked = Promise.all(batchesOf(texts).map((batch) => thread.ask(batch, signal)));
      const answers = await Promise.race([asked, given.promise]);
      signal.removeEventListener('abort', giveUp);
      if (answers === undefined || signal.aborted) return cancelled();
      return outcomeOf(texts, answers, Math.round(performance.now() - began));
    },
    close: thread.close,
  };
};
