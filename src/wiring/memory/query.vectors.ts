import type { Embeddings } from '../../ports.memory.ts';

/** Nobody waits longer for the vector of a question: without it the words are searched alone (requirements C41). */
const queryMsMax = 1_000;
const keptMax = 1_000;
const textCharsMax = 8_192;

export type QueryVector = { readonly ok: true; readonly vector: Float32Array } | { readonly ok: false; why: string };

const late = { ok: false, why: `no vector of the question within ${queryMsMax} ms` } as const;

/**
 * The vectors of questions: the ones asked last are kept, and one that comes too late for its asker is there for the next.
 * Where nothing is embedded, that is the answer.
 */
export const queryVectors = (embeddings: Embeddings, signal: AbortSignal) => {
  const kept = new Map<string, Promise<QueryVector>>();

  const embedded = async (text: string): Promise<QueryVector> => {
    const outcome = await embeddings.embed([text], { signal });
    const vector = outcome.ok ? outcome.vectors[0] : undefined;
    if (vector !== undefined) return { ok: true, vector };
    kept.delete(text);
    return { ok: false, why: outcome.ok ? 'the provider answered nothing' : outcome.message };
  };

  const vectorOf = (text: string): Promise<QueryVector> => {
    const known = kept.get(text) ?? embedded(text);
    // What was asked last goes last.
    kept.delete(text);
    kept.set(text, known);
    for (const oldest of kept.keys()) {
      if (kept.size <= keptMax) break;
      kept.delete(oldest);
    }
    return known;
  };

  return async (question: string): Promise<QueryVector> => {
    const text = question.slice(0, textCharsMax).toWellFormed();
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<QueryVector>((resolve) => {
      timer = setTimeout(resolve, queryMsMax, late);
    });
    return await Promise.race([vectorOf(text), patience]).finally(() => clearTimeout(timer));
  };
};
