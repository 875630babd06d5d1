/** One thing that will happen. `tie` orders what is due at the same instant, by chance. */
export interface Due {
  at: number;
  readonly tie: number;
  readonly run: () => void;
}

const sooner = (one: Due, other: Due): boolean => one.at < other.at || (one.at === other.at && one.tie < other.tie);

/** What will happen, soonest first: a binary heap. */
export const agenda = () => {
  const heap: Due[] = [];
  const at = (index: number): Due => heap[index] as Due;
  const swap = (one: number, other: number): void => {
    const kept = at(one);
    heap[one] = at(other);
    heap[other] = kept;
  };
  return {
    size: (): number => heap.length,
    add: (due: Due): void => {
      let index = heap.push(due) - 1;
      while (index > 0) {
        const parent = (index - 1) >> 1;
        if (!sooner(at(index), at(parent))) break;
        swap(index, parent);
        index = parent;
      }
    },
    take: (): Due | undefined => {
      const first = heap[0];
      const last = heap.pop();
      if (first === undefined || last === undefined || heap.length === 0) return first;
      heap[0] = last;
      for (let index = 0; ;) {
        const [left, right] = [2 * index + 1, 2 * index + 2];
        let least = index;
        if (left < heap.length && sooner(at(left), at(least))) least = left;
        if (right < heap.length && sooner(at(right), at(least))) least = right;
        if (least === index) break;
        swap(index, least);
        index = least;
      }
      return first;
    },
  };
};
