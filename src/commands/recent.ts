/** How many ended instances are remembered, to know that an event needs no waking. */
const endedMax = 10_000;

/** Which instances ended lately, and at which revision; bounded, the oldest forgotten first. */
export const recent = () => {
  const revisions = new Map<string, number>();
  return {
    note: (stream: string, revision: number): void => {
      revisions.delete(stream);
      revisions.set(stream, revision);
      const [oldest] = revisions.keys();
      if (revisions.size > endedMax && oldest !== undefined) revisions.delete(oldest);
    },
    past: (stream: string, revision: number): boolean => (revisions.get(stream) ?? -1) >= revision,
  };
};
