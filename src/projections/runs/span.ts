/** A stretch of time, or a moment where it ends when it began; `to` is null while it lasts. */
export interface Span {
  readonly kind: string;
  readonly label: string;
  readonly attempt: number | null;
  readonly from: string;
  readonly to: string | null;
  /** How it ended; null while it lasts. */
  readonly status: string | null;
  /** The event that began it, and the one that ended it. */
  readonly event_ids: readonly string[];
}

/** Spans kept for one row: the newest. A step that waits and is tried again for days has many. */
export const spansMax = 200;

interface Moment {
  readonly id: string;
  readonly recorded_at: string;
}

/** The spans with one more that lasts. */
export const begun = (
  spans: readonly Span[],
  { id, recorded_at }: Moment,
  kind: string,
  label: string,
  attempt: number | null = null,
): readonly Span[] =>
  [...spans, { kind, label, attempt, from: recorded_at, to: null, status: null, event_ids: [id] }].slice(-spansMax);

/** The spans with those of these kinds ended that still last. */
export const over = (
  spans: readonly Span[],
  { id, recorded_at }: Moment,
  kinds: readonly string[],
  status: string,
): readonly Span[] =>
  spans.map((span) =>
    span.to === null && kinds.includes(span.kind)
      ? { ...span, to: recorded_at, status, event_ids: [...span.event_ids, id] }
      : span,
  );

/** The spans with a moment more. */
export const marked = (
  spans: readonly Span[],
  moment: Moment,
  kind: string,
  label: string,
  status: string,
  attempt: number | null = null,
): readonly Span[] => {
  const { id, recorded_at } = moment;
  return [...spans, { kind, label, attempt, from: recorded_at, to: recorded_at, status, event_ids: [id] }].slice(
    -spansMax,
  );
};

/** A stretch of a run in which something of it was under way, or nothing was. */
export interface Segment {
  readonly kind: 'active' | 'idle';
  readonly from: string;
  readonly to: string | null;
}

const segmentsMax = 500;

/** The segments after a moment from which on the run is this; null where it is over. What is too much joins the last. */
export const segmented = (
  segments: readonly Segment[],
  { recorded_at }: Moment,
  kind: Segment['kind'] | null,
): readonly Segment[] => {
  const last = segments.at(-1);
  if (last?.to === null && last.kind === kind) return segments;
  if (kind !== null && segments.length >= segmentsMax) return segments;
  const before = segments.map((segment) => (segment.to === null ? { ...segment, to: recorded_at } : segment));
  return kind === null ? before : [...before, { kind, from: recorded_at, to: null }];
};

/** Milliseconds from one instant to another. */
export const msBetween = (from: string, to: string): number => Math.max(0, Date.parse(to) - Date.parse(from));
