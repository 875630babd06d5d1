import { itemsMax, type WorkingItem } from './working-memory.events.ts';

type Ref = Pick<WorkingItem, 'kind' | 'ref_id'>;

export const isSame = (a: Ref, b: Ref): boolean => a.kind === b.kind && a.ref_id === b.ref_id;

const without = <Item extends Ref>(items: readonly Item[], gone: readonly Ref[]): readonly Item[] =>
  items.filter((item) => !gone.some((ref) => isSame(ref, item)));

/** What goes first: the least relevant, of those the one that was loaded earliest, of those the first (requirements N96). */
export const leastOf = (items: readonly WorkingItem[]): WorkingItem | undefined =>
  items.reduce<WorkingItem | undefined>((least, item) => {
    if (least === undefined || item.relevance < least.relevance) return item;
    return item.relevance === least.relevance && item.loaded_at < least.loaded_at ? item : least;
  }, undefined);

/** What is held after these came, each in its turn: the same thing takes its own place, anything else that of the least. */
export const withLoaded = (items: readonly WorkingItem[], loaded: readonly WorkingItem[]): readonly WorkingItem[] => {
  let held = items;
  for (const item of loaded) {
    const rest = without(held, [item]);
    const least = rest.length >= itemsMax ? leastOf(rest) : undefined;
    held = [...(least === undefined ? rest : without(rest, [least])), item];
  }
  return held;
};

/** What is held after an event that says which came and which went. */
export const afterLoading = <Item extends Ref>(
  items: readonly Item[],
  { items: loaded, evicted }: { readonly items: readonly Item[]; readonly evicted: readonly Ref[] },
): readonly Item[] => [...without(items, [...evicted, ...loaded]), ...loaded];

/** What a loading comes to: undefined where everything is there already, as it is said. */
export const loading = (items: readonly WorkingItem[], loaded: readonly WorkingItem[]) => {
  const after = withLoaded(items, loaded);
  const came = after.filter((item) => !items.some((old) => JSON.stringify(old) === JSON.stringify(item)));
  const evicted = items
    .filter((old) => !after.some((item) => isSame(item, old)))
    .map(({ kind, ref_id }) => ({ kind, ref_id }));
  return came.length === 0 ? undefined : { items: came, evicted };
};
