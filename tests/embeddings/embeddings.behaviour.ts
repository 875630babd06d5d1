import { describe, expect, it } from 'vitest';
import type { Embedded, Embeddings } from '../../src/ports.memory.ts';

const never = new AbortController().signal;

/** The vectors of an answer; throws with the reason where there are none. */
export const vectorsOf = (embedded: Embedded): readonly Float32Array[] => {
  if (!embedded.ok) throw new Error(`${embedded.fault}: ${embedded.message}`);
  return embedded.vectors;
};

export const similarity = (one: Float32Array, other: Float32Array): number =>
  one.reduce((sum, value, at) => sum + value * (other[at] ?? 0), 0);

/** What everybody who embeds does, whatever it knows of meaning. */
export const embeddingsBehaviour = (
  name: string,
  { dimensions, open }: { readonly dimensions: number; readonly open: () => Embeddings },
): void => {
  describe(`${name} embeds`, () => {
    it('each text in its place, at length 1, in its own dimensions', async () => {
      const embeddings = open();
      expect(embeddings.dimensions).toBe(dimensions);
      const texts = Array.from({ length: 40 }, (_, n) => `text number ${n} of the harbour`);
      const vectors = vectorsOf(await embeddings.embed(texts, { signal: never }));
      expect(vectors.map(({ length }) => length)).toEqual(texts.map(() => dimensions));
      for (const vector of vectors) expect(Math.hypot(...vector)).toBeCloseTo(1, 5);
      const [last] = vectorsOf(await embeddings.embed(texts.slice(-1), { signal: never }));
      expect(similarity(last!, vectors.at(-1)!)).toBeCloseTo(1, 4);
    });

    it('the same text alike every time, whoever else is embedded', async () => {
      const embeddings = open();
      const [one, two] = await Promise.all([
        embeddings.embed(['The lamp arrived broken.'], { signal: never }),
        embeddings.embed(['Another thing.', 'The lamp arrived broken.'], { signal: never }),
      ]);
      expect(similarity(vectorsOf(one)[0]!, vectorsOf(two)[1]!)).toBeCloseTo(1, 4);
    });

    it('no more than a hundred texts of 8,192 characters, and no text that says nothing', async () => {
      const embeddings = open();
      const asked = (...texts: readonly string[]) => embeddings.embed(texts, { signal: never });
      expect(await asked('x y '.repeat(2_048))).toMatchObject({ ok: true });
      const refused = { ok: false, fault: 'invalid_request', retryable: false };
      expect(await asked('x'.repeat(8_193))).toMatchObject(refused);
      expect(await asked(...Array.from({ length: 101 }, (_, n) => `text ${n}`))).toMatchObject(refused);
      expect(await asked('something', ' \n')).toMatchObject(refused);
    });

    it('nothing for somebody who does not want it any more', async () => {
      const cancelled = { ok: false, fault: 'timeout', retryable: false };
      expect(await open().embed(['late'], { signal: AbortSignal.abort() })).toMatchObject(cancelled);
    });
  });
};
