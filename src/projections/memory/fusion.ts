import type { ChannelRank, Match, Recalled, Recollection } from '../../ports.memory.ts';

/** How much the first ranks weigh against the others (requirements N97). */
export const rankOffset = 60;
/** More of what was left out is not told. */
const excludedMax = 100;

/** What one channel found, the best first, and beneath which score it does not count. */
export interface Channel {
  readonly name: ChannelRank['name'];
  readonly matches: readonly Match[];
  readonly floor?: number;
}

interface Candidate extends Match {
  readonly channels: readonly ChannelRank[];
  /** How far below a floor it is, where no channel counts it. */
  readonly below: string | undefined;
}

const rounded = (score: number): string => score.toFixed(2);

const compared = (one: number, other: number): number => (one === other ? 0 : one < other ? -1 : 1);

const countedBy = ({ matches, floor = -Infinity }: Channel): number =>
  matches.filter(({ score }) => score >= floor).length;

/** The candidates of all channels, each with its ranks: by reciprocal rank, of equals by nearness, then by id. */
const candidatesOf = (channels: readonly Channel[]): readonly Candidate[] => {
  const found = new Map<string, Candidate>();
  for (const channel of channels) {
    const { name, matches, floor } = channel;
    const counted = countedBy(channel);
    for (const [place, match] of matches.entries()) {
      const key = `${match.kind} ${match.id}`;
      const known = found.get(key);
      const counts = place < counted;
      const gain = counts ? 1 / (rankOffset + place + 1) : 0;
      const below = `its similarity ${rounded(match.score)} is below ${rounded(floor ?? 0)}`;
      found.set(key, {
        ...match,
        score: (known?.score ?? 0) + gain,
        channels: [...(known?.channels ?? []), { name, rank: place + 1, score: match.score }],
        below: counts || (known !== undefined && known.below === undefined) ? undefined : below,
      });
    }
  }
  const nameOf = ({ id, kind }: Candidate): string => `${id} ${kind}`;
  // A word that is shared by accident ranks as high as the nearest meaning: of equals the nearer in meaning is first.
  const nearness = ({ channels: ranks }: Candidate): number =>
    ranks.find(({ name }) => name === 'vector')?.score ?? -Infinity;
  const order = (one: Candidate, other: Candidate): number =>
    other.score - one.score || compared(nearness(other), nearness(one)) || (nameOf(one) < nameOf(other) ? -1 : 1);
  return [...found.values()].toSorted(order);
};

const recalled = ({ kind, id, revision, title, score, channels }: Candidate): Recalled => ({
  kind,
  id,
  revision,
  title,
  score,
  channels,
});

/**
 * Makes one list of what the channels found, by reciprocal rank: 1/(60 + rank) for each channel that counts an item. What is
 * not among the first `limit` is told with the reason: beyond the limit, below the floor, or ended. A channel's matches come
 * with the best first.
 */
export const fused = (
  channels: readonly Channel[],
  ended: readonly Channel[],
  limit: number,
): Pick<Recollection, 'items' | 'excluded'> => {
  const candidates = candidatesOf(channels);
  const counting = candidates.filter(({ below }) => below === undefined);
  const past = candidatesOf(ended).filter(({ below }) => below === undefined);
  const excluded = [
    ...counting.slice(limit).map((each, place) => ({
      ...recalled(each),
      why: `place ${limit + place + 1}, beyond the limit of ${limit}`,
    })),
    ...past.map((each) => ({ ...recalled(each), why: `it is known no more: ${each.ended_why ?? 'ended'}` })),
    ...candidates.flatMap((each) => (each.below === undefined ? [] : [{ ...recalled(each), why: each.below }])),
  ];
  return { items: counting.slice(0, limit).map(recalled), excluded: excluded.slice(0, excludedMax) };
};

/**
 * From which cosine similarity on two texts have to do with each other, by model: measured for the local one on pairs of
 * sentences (`bench/recall.ts`), and what is usual for the others.
 */
const floors: ReadonlyMap<string, number> = new Map([
  ['use-lite-en-512', 0.3],
  ['text-embedding-3-small', 0.3],
  ['text-embedding-3-large', 0.3],
  ['hashed-ngrams-384', 0.2],
]);
const floorUsual = 0.3;

export const floorOf = (model: string): number => floors.get(model) ?? floorUsual;
