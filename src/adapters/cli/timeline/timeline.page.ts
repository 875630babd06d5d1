import { z } from 'zod';
import { spelt } from '../terminal/duration.ts';
import { cellOf } from '../terminal/table.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { axisOf, type Axis } from './axis.ts';

const Span = z.looseObject({
  id: z.string(),
  parent: z.string().nullable(),
  kind: z.string(),
  label: z.string(),
  start: z.string().nullable(),
  end: z.string().nullable(),
  status: z.string().nullable(),
  attempt: z.number().nullable(),
});
type Span = z.infer<typeof Span>;

const Timeline = z.looseObject({
  run_id: z.string(),
  spans: z.array(Span),
  segments: z.array(z.object({ kind: z.enum(['active', 'idle']), from: z.string(), to: z.string().nullable() })),
  truncated: z.looseObject({ more: z.boolean() }),
});

const waits: ReadonlySet<string> = new Set(['pending', 'pause', 'backoff', 'approval', 'question']);
/** What only holds others is drawn thin. */
const holders: ReadonlySet<string> = new Set(['run', 'step', 'rollback']);
const failures: ReadonlySet<string> = new Set(['failed', 'unknown', 'canceled', 'expired', 'denied', 'aborted']);
const ofVerdicts: Readonly<Record<string, string>> = { deny: '▼', require_approval: '◇' };
const ofKinds: Readonly<Record<string, string>> = {
  run: '➤',
  rollback: '➤',
  step: '■',
  call: '■',
  undo: '■',
  approval: '◎',
};

/** The shape of a span says what it is, before any colour (interfaces 1.4). */
const glyphOf = ({ kind, status }: Span): string => {
  if (kind === 'verdict') return ofVerdicts[status ?? ''] ?? '▲';
  if (kind === 'call' && status !== null && failures.has(status)) return '✖';
  return ofKinds[kind] ?? '·';
};

const nameOf = ({ kind, label }: Span): string => {
  const said = cellOf(label);
  return kind === 'run' || kind === 'step' || kind === 'call' ? said : `${cellOf(kind)}: ${said}`;
};

const stateOf = ({ kind, status, attempt, end }: Span): string => {
  const tries = kind !== 'step' && attempt !== null && attempt > 1 ? `, attempt ${attempt}` : '';
  return `${status === null ? (end === null ? 'lasts' : '') : cellOf(status)}${tries}`;
};

interface Branch {
  readonly span: Span;
  /** What is drawn before it. */
  readonly prefix: string;
}

/** The spans with what hangs below each, in their order. */
const branchesOf = (spans: readonly Span[]): readonly Branch[] => {
  const below = Map.groupBy(spans, ({ parent }) => parent);
  const from = (parent: string | null, before: string): readonly Branch[] =>
    (below.get(parent) ?? []).flatMap((span, index, own) => {
      const isLast = index === own.length - 1;
      const isRoot = parent === null;
      const prefix = isRoot ? '' : `${before}${isLast ? '└ ' : '├ '}`;
      return [{ span, prefix }, ...from(span.id, isRoot ? '' : `${before}${isLast ? '  ' : '│ '}`)];
    });
  return from(null, '');
};

const laneOf = (span: Span, { columns, at, folds }: Axis, now: number): string => {
  const lane = Array.from({ length: columns }, (_, column): string => (folds.includes(column) ? '┊' : ' '));
  const { start, end, kind } = span;
  if (start !== null) {
    const first = at(Date.parse(start));
    const last = at(end === null ? now : Date.parse(end));
    const drawnAs = waits.has(kind) ? '░' : holders.has(kind) ? '─' : '█';
    for (let column = first; column <= last; column += 1)
      if (lane[column] === ' ' || drawnAs === '█') lane[column] = drawnAs;
    if (start === end) lane[first] = glyphOf(span);
  }
  return lane.join('');
};

const labelColumnsMax = 40;
const laneColumnsMin = 12;
const durationColumns = 10;
const stateColumns = 22;

/**
 * The timeline of a run as a page: a line for each span, with its glyph, its place on an axis in which waiting is folded, and
 * how long it took. Undefined for what is no timeline.
 */
export const timelinePage = (body: unknown, terminal: Terminal, now: number): readonly string[] | undefined => {
  const read = Timeline.safeParse(body);
  if (!read.success) return undefined;
  const { run_id, spans, segments, truncated } = read.data;
  const { paint, columns } = terminal;
  const branches = branchesOf(spans);
  const widest = Math.max(...branches.map(({ span, prefix }) => prefix.length + nameOf(span).length + 2), 0);
  const labelColumns = Math.min(widest, labelColumnsMax);
  const axis = axisOf(
    segments,
    Math.max(laneColumnsMin, columns - labelColumns - durationColumns - stateColumns - 4),
    now,
  );
  const rows = branches.map(({ span, prefix }) => {
    const { start, end, status } = span;
    const label = `${prefix}${glyphOf(span)} ${nameOf(span)}`.slice(0, labelColumns).padEnd(labelColumns);
    const took =
      start === null || start === end ? '' : spelt((end === null ? now : Date.parse(end)) - Date.parse(start));
    const state = stateOf(span);
    const isBad = status !== null && failures.has(status);
    const line = `${label} ${laneOf(span, axis, now)} ${took.padStart(durationColumns)}  ${isBad ? paint('red', state) : state}`;
    return line.trimEnd();
  });
  const folded = axis.folds.length === 0 ? '' : '; waiting is folded at ┊';
  return [
    paint('bold', `run ${cellOf(run_id)}`),
    `active ${spelt(axis.active_ms)} of ${spelt(axis.whole_ms)}${folded}`,
    ...rows,
    ...(truncated.more ? ['there are more spans: repeat with a larger --limit'] : []),
  ];
};
