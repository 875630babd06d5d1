import { sha256 } from '../../domain/kernel/digest.ts';

/** A text is worth a name once it has been sent so often. */
const sentMin = 3;
const textsMax = 500;

/**
 * Names for statements that are sent again and again: a named one is parsed and planned once on each connection. The
 * texts come from code and are few; where they were not, the first five hundred would get names and the others none.
 */
export const statementNames = () => {
  const sent = new Map<string, number>();
  const names = new Map<string, string>();
  let renewals = 0;
  return {
    nameOf: (text: string): string | undefined => {
      const known = names.get(text);
      if (known !== undefined) return known;
      const count = (sent.get(text) ?? 0) + 1;
      if (count < sentMin && (sent.has(text) || sent.size < textsMax)) sent.set(text, count);
      if (count < sentMin || names.size >= textsMax) return undefined;
      sent.delete(text);
      const name = `acta_${renewals}_${sha256(text).slice(0, 16)}`;
      names.set(text, name);
      return name;
    },
    /** The table behind a statement has another shape now: its plan is of no use any more, on any connection. */
    renew: (text: string): void => {
      if (names.delete(text)) renewals += 1;
    },
  };
};
