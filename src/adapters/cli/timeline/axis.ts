/** A stretch in which something was under way, or nothing was; `to` is null while it lasts. */
export interface Segment {
  readonly kind: 'active' | 'idle';
  readonly from: string;
  readonly to: string | null;
}

/** Where instants stand in a lane of so many columns. */
export interface Axis {
  readonly columns: number;
  /** The column of an instant, from 0. */
  readonly at: (instant: number) => number;
  /** The columns in which waiting was folded. */
  readonly folds: readonly number[];
  readonly active_ms: number;
  readonly whole_ms: number;
}

interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly idle: boolean;
}

/** All waiting together takes no more of the lane than this, however long it was (interfaces S1-1). */
const idleShareMax = 0.2;
const foldColumnsMax = 3;

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);
const lengthOf = ({ from, to }: Stretch): number => Math.max(0, to - from);

/** How wide each stretch is drawn: waiting is folded to a few columns, the rest is to scale. */
const widthsOf = (stretches: readonly Stretch[], columns: number): readonly number[] => {
  const idle = stretches.filter((stretch) => stretch.idle).length;
  const active_ms = sum(stretches.filter((stretch) => !stretch.idle).map(lengthOf));
  const whole_ms = sum(stretches.map(lengthOf));
  if (active_ms === 0 || idle === 0)
    return stretches.map((stretch) => (whole_ms === 0 ? 0 : (lengthOf(stretch) / whole_ms) * columns));
  const fold = Math.min(foldColumnsMax, (columns * idleShareMax) / idle);
  const rest = columns - fold * idle;
  return stretches.map((stretch) => (stretch.idle ? fold : (lengthOf(stretch) / active_ms) * rest));
};

/** The axis of a run: to scale where something was under way, folded where nothing was. `now` stands for what lasts. */
export const axisOf = (segments: readonly Segment[], columns: number, now: number): Axis => {
  const stretches = segments.map(({ kind, from, to }) => ({
    from: Date.parse(from),
    to: to === null ? now : Date.parse(to),
    idle: kind === 'idle',
  }));
  const widths = widthsOf(stretches, columns);
  const begins = stretches.map((_, index) => sum(widths.slice(0, index)));
  const at = (instant: number): number => {
    const index = stretches.findLastIndex(({ from }) => instant >= from);
    const stretch = stretches[index];
    if (stretch === undefined) return 0;
    const part = lengthOf(stretch) === 0 ? 0 : Math.min(1, (instant - stretch.from) / lengthOf(stretch));
    return Math.min(columns - 1, Math.floor((begins[index] ?? 0) + part * (widths[index] ?? 0)));
  };
  const folded = stretches.flatMap((stretch, index) => {
    const share = (lengthOf(stretch) / Math.max(1, sum(stretches.map(lengthOf)))) * columns;
    const width = widths[index] ?? 0;
    return stretch.idle && share > width ? [Math.floor((begins[index] ?? 0) + width / 2)] : [];
  });
  return {
    columns,
    at,
    folds: folded,
    active_ms: sum(stretches.filter(({ idle }) => !idle).map(lengthOf)),
    whole_ms: sum(stretches.map(lengthOf)),
  };
};
