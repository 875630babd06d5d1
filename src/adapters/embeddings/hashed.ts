import { hash } from 'node:crypto';
import type { Embeddings } from '../../ports.memory.ts';
import { cancelled, estimatedTokens, unembeddable, unit } from './request.ts';

const dimensions = 384;
/** A piece of a word: long enough to mean something, short enough to survive an ending. */
const gramChars = 3;
const wordWeight = 1;
const gramWeight = 0.5;

const wordsOf = (text: string): readonly string[] => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];

const gramsOf = (word: string): readonly string[] => {
  const edged = `<${word}>`;
  return Array.from({ length: Math.max(1, edged.length - gramChars + 1) }, (_, at) => edged.slice(at, at + gramChars));
};

/** The texts' words and pieces of words, each counted at a place that its hash names, with a sign of its own. */
const vectorOf = (text: string): Float32Array => {
  const sums = new Float32Array(dimensions);
  const add = (feature: string, weight: number): void => {
    const bits = Buffer.from(hash('md5', feature, 'hex').slice(0, 8), 'hex').readUInt32BE();
    const place = bits % dimensions;
    sums[place] = (sums[place] ?? 0) + (bits & 0x8000_0000 ? -weight : weight);
  };
  for (const word of wordsOf(text)) {
    add(`w:${word}`, wordWeight);
    for (const gram of gramsOf(word)) add(`g:${gram}`, gramWeight);
  }
  // A text of signs alone, or one whose pieces cancel out, is near to nothing but its like.
  return unit(sums) ?? Float32Array.from(sums, (_, place) => (place === text.length % dimensions ? 1 : 0));
};

/**
 * Hashed n-grams: the same text has the same vector on every machine, at once and without a model. It knows which words and
 * pieces of words two texts share, and nothing of what they mean: for tests, and for whoever has no model.
 */
export const hashedEmbeddings = (): Embeddings => ({
  provider: 'hashed',
  model: 'hashed-ngrams-384',
  dimensions,
  embed: (texts, { signal }) => {
    const refusal = signal.aborted ? cancelled() : unembeddable(texts);
    if (refusal !== undefined) return Promise.resolve(refusal);
    const began = performance.now();
    const vectors = texts.map(vectorOf);
    const latency_ms = Math.round(performance.now() - began);
    return Promise.resolve({ ok: true, vectors, input_tokens: estimatedTokens(texts), cost_micros: 0, latency_ms });
  },
  close: () => Promise.resolve(),
});
