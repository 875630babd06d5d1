/** Edit distance, row by row. */
const distance = (a: string, b: string): number => {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, replaced));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
};

const lengthMax = 64;

/** Whether a name is one of the words of another at its beginning or its end: `digest` of `action_digest`. */
const isPartOf = (name: string, candidate: string): boolean =>
  candidate.startsWith(`${name}_`) || candidate.endsWith(`_${name}`);

/** The known name that was probably meant: at most a third of it is different, or it alone has the name as a part. */
export const nearest = (name: string, known: readonly string[]): string | undefined => {
  if (name.length > lengthMax) return undefined;
  const ranked = known
    .map((candidate) => ({ candidate, away: distance(name, candidate) }))
    .toSorted((a, b) => a.away - b.away);
  const best = ranked[0];
  if (best !== undefined && best.away <= Math.max(2, Math.ceil(best.candidate.length / 3))) return best.candidate;
  const [longer, ...others] = known.filter((candidate) => isPartOf(name, candidate));
  return others.length === 0 ? longer : undefined;
};
