import { instruments as declared, type Instrument } from './instruments.ts';

export const labelCharsMax = 80;
/** What stands for label values beyond an instrument's limit, and for ids, which are no kinds of things. */
export const overflow = 'other';

export type Labels = Readonly<Record<string, string>>;

/** One line of numbers: an instrument under one combination of label values. */
export interface Series {
  /** In the order in which the instrument declares its labels. */
  readonly values: readonly string[];
  /** Of a counter or gauge; of a histogram, the sum of what was observed. */
  value: number;
  /** Of a histogram: how many observations fell into each bucket, the last being the one without a bound. */
  readonly counts: number[];
}

type Refusal =
  'unknown_instrument' | 'undeclared_label' | 'wrong_kind' | 'not_a_number' | 'sample_failed' | 'span_failed';

export interface Registry {
  readonly count: (name: string, labels?: Labels, by?: number) => void;
  readonly observe: (name: string, value: number, labels?: Labels) => void;
  readonly gauge: (name: string, value: number, labels?: Labels) => void;
  /** Counts what telemetry itself could not do, since nobody is to be troubled with it. */
  readonly reject: (reason: Refusal) => void;
  readonly instruments: readonly Instrument[];
  readonly series: (name: string) => Iterable<Series>;
  /** From now on hears of every observation too; an export by push needs it. */
  readonly mirror: (hear: (instrument: Instrument, value: number, values: readonly string[]) => void) => void;
}

interface Family {
  readonly instrument: Instrument;
  readonly series: Map<string, Series>;
}

/** A UUID, with dashes or without, or any digest. */
const id = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{24}/i;

const kindOnly = (value: string): string => (id.test(value) ? overflow : value.slice(0, labelCharsMax).toWellFormed());

const fresh = ({ buckets }: Instrument, values: readonly string[]): Series => ({
  values,
  value: 0,
  counts: buckets === undefined ? [] : Array.from({ length: buckets.length + 1 }, () => 0),
});

/** Finds the series of these labels, making it where there is room; a known one costs one look into a map. */
const seriesOf = ({ instrument, series }: Family, labels: Labels, undeclared?: () => void): Series => {
  const values = instrument.labels.map((label) => labels[label] ?? '');
  const key = values.join('\u001f');
  const known = series.get(key);
  if (known !== undefined) return known;
  if (Object.keys(labels).some((label) => !instrument.labels.includes(label))) undeclared?.();
  const kinds = series.size < instrument.seriesMax ? values.map(kindOnly) : values.map(() => overflow);
  const place = kinds.join('\u001f');
  const made = series.get(place) ?? fresh(instrument, kinds);
  series.set(place, made);
  return made;
};

/**
 * Counters, gauges and histograms in memory. Only declared instruments count; nothing here throws, and what is refused
 * is itself counted. The number of series is bounded, whatever is passed as a label.
 */
export const registryOf = (instruments: readonly Instrument[] = declared): Registry => {
  const families = new Map<string, Family>();
  for (const instrument of instruments) {
    const { name, kind, labels } = instrument;
    const family = { instrument, series: new Map<string, Series>() };
    families.set(name, family);
    // A counter that never counted is 0, which an alert can see; one that does not exist is nothing.
    if (kind === 'counter' && labels.length === 0) seriesOf(family, {});
  }
  let hear: ((instrument: Instrument, value: number, values: readonly string[]) => void) | undefined;

  const add = (name: string, labels: Labels, by: number): void => {
    const family = families.get(name);
    if (family !== undefined) seriesOf(family, labels).value += by;
  };
  const reject: Registry['reject'] = (reason) => add('acta_telemetry_rejected_total', { reason }, 1);
  const undeclared = (): void => reject('undeclared_label');
  const familyOf = (name: string, kind: Instrument['kind'], value: number): Family | undefined => {
    const family = families.get(name);
    if (family === undefined) reject('unknown_instrument');
    else if (family.instrument.kind !== kind) reject('wrong_kind');
    else if (!Number.isFinite(value) || (kind === 'counter' && value < 0)) reject('not_a_number');
    else return family;
    return undefined;
  };

  return {
    count: (name, labels = {}, by = 1) => {
      const family = familyOf(name, 'counter', by);
      if (family !== undefined) seriesOf(family, labels, undeclared).value += by;
    },
    gauge: (name, value, labels = {}) => {
      const family = familyOf(name, 'gauge', value);
      if (family !== undefined) seriesOf(family, labels, undeclared).value = value;
    },
    observe: (name, value, labels = {}) => {
      const family = familyOf(name, 'histogram', value);
      if (family === undefined) return;
      const { instrument } = family;
      const series = seriesOf(family, labels, undeclared);
      const at = instrument.buckets?.findIndex((bound) => value <= bound) ?? -1;
      const bucket = at < 0 ? series.counts.length - 1 : at;
      series.counts[bucket] = (series.counts[bucket] ?? 0) + 1;
      series.value += value;
      hear?.(instrument, value, series.values);
    },
    reject,
    instruments,
    series: (name) => families.get(name)?.series.values() ?? [],
    mirror: (listener) => {
      hear = listener;
    },
  };
};
