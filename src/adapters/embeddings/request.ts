import type { Embedded, EmbeddingFault } from '../../ports.memory.ts';

/** What one request may ask for (requirements D90). */
export const textsMax = 100;
export const textCharsMax = 8_192;

/** A request that gave no vectors. */
export type Failed = Extract<Embedded, { readonly ok: false }>;

/** Builds a failure; `retry_after_ms` is said only where the other side named a time. */
export const failed = (
  fault: EmbeddingFault,
  message: string,
  retryable: boolean,
  retry_after_ms?: number,
): Failed => ({
  ok: false,
  fault,
  message,
  retryable,
  ...(retry_after_ms === undefined ? {} : { retry_after_ms }),
});

/** What an aborted signal ends a request with: whoever aborted it does not want it repeated. */
export const cancelled = (): Failed => failed('timeout', 'the request was cancelled before it was answered', false);

/** Why these texts cannot be embedded by anybody, or undefined. Nothing of a request beyond its bounds is embedded. */
export const unembeddable = (texts: readonly string[]): Failed | undefined => {
  if (texts.length > textsMax)
    return failed('invalid_request', `at most ${textsMax} texts at once, not ${texts.length}`, false);
  if (texts.some(({ length }) => length > textCharsMax))
    return failed('invalid_request', `a text has at most ${textCharsMax} characters`, false);
  if (texts.some((text) => text.trim() === '')) return failed('invalid_request', 'an empty text means nothing', false);
  return undefined;
};

/** Tokens as an estimate where nobody counts them: a quarter of the characters, rounded up (requirements C46). */
export const estimatedTokens = (texts: readonly string[]): number =>
  texts.reduce((sum, { length }) => sum + Math.ceil(length / 4), 0);

/** The same direction at length 1, so that nearness is a product of two vectors; undefined where there is no direction. */
export const unit = (values: ArrayLike<number>): Float32Array | undefined => {
  const vector = Float32Array.from(values);
  const length = Math.hypot(...vector);
  if (!Number.isFinite(length) || length === 0) return undefined;
  return vector.map((value) => value / length);
};
