import { strengthOf } from './censor.caps.ts';
import type { CensorAction, CensorOrigin } from './censor.events.ts';

/** Above this cosine similarity a text is near enough to what a censor is about (requirements N87). */
export const similarityMin = 0.7;
/** What is kept of the text that was struck at. */
const matchedCharsMax = 200;

/** A censor that is in force, at a revision of its stream. */
export interface Watched {
  readonly censor_id: string;
  readonly revision: number;
  readonly trigger: string;
  readonly reason: string;
  readonly action: CensorAction;
  readonly domain: string | null;
  readonly origin: CensorOrigin;
}

export interface Struck {
  readonly censor_id: string;
  readonly action: CensorAction;
  readonly trigger: string;
  readonly reason: string;
  /** Null where the trigger stands in the text word for word. */
  readonly similarity: number | null;
  /** What of the text it struck at. */
  readonly matched: string;
}

/**
 * A text as it is compared: one case, one form of each character (Unicode's NFKC), nothing that is not seen, and one blank
 * between words. Otherwise a second blank, or a letter that only looks the same, would lift every censor.
 */
export const compared = (text: string): string =>
  text
    .normalize('NFKC')
    .replaceAll(/\p{Cf}+/gu, '')
    .toLowerCase()
    .replaceAll(/[\s\p{Cc}]+/gu, ' ')
    .trim();

const around = (text: string, at: number, length: number): string => {
  const from = Math.max(0, at - Math.floor(Math.max(0, matchedCharsMax - length) / 2));
  return text.slice(from, from + matchedCharsMax).toWellFormed();
};

/**
 * The censors that strike at a text, the strongest action first, then those whose trigger stands in it, then the nearest: the
 * trigger is contained, whatever the case (N87), or the meaning is near, which `near` says by the censor's id. With a
 * domain, censors of that domain or of none; without one, all of them. The whole text is looked at: N92 cuts it for patterns
 * that could take for ever, and these are words. Nothing is counted here.
 */
export const strike = (
  censors: readonly Watched[],
  { text, domain }: { readonly text: string; readonly domain: string | null },
  near: ReadonlyMap<string, number>,
): readonly Struck[] => {
  const seen = compared(text);
  const hits = censors.flatMap(({ censor_id, trigger, reason, action, domain: own }): readonly Struck[] => {
    if (domain !== null && own !== null && own !== domain) return [];
    const said = compared(trigger);
    const at = said === '' ? -1 : seen.indexOf(said);
    const similarity = near.get(censor_id);
    const about = { censor_id, action, trigger, reason };
    if (at >= 0) return [{ ...about, similarity: null, matched: around(seen, at, said.length) }];
    return similarity !== undefined && similarity > similarityMin
      ? [{ ...about, similarity, matched: around(seen, 0, 0) }]
      : [];
  });
  return hits.toSorted(
    (a, b) =>
      strengthOf(b.action) - strengthOf(a.action) ||
      (b.similarity ?? 1) - (a.similarity ?? 1) ||
      (a.censor_id < b.censor_id ? -1 : 1),
  );
};
