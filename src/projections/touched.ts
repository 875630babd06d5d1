/** Where and when an event stands. */
interface Stamp {
  readonly revision: number;
  readonly position: bigint;
  readonly recorded_at: string;
}

/** A row as an event of its stream leaves it, changed and stamped; what was never there, or is no more, stays away. */
export const touched = <Row extends object>(
  row: Row | undefined,
  { revision, position, recorded_at }: Stamp,
  change: Partial<Row> = {},
): Row | null => (row === undefined ? null : { ...row, ...change, revision, position, updated_at: recorded_at });
