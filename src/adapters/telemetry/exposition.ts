import type { Instrument } from './instruments.ts';
import type { Registry, Series } from './registry.ts';

/** The content type of what `exposition` writes. */
export const expositionType = 'text/plain; version=0.0.4; charset=utf-8';

const escapedHelp = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
const escaped = (value: string): string => escapedHelp(value).replaceAll('"', '\\"');

const labelled = (names: readonly string[], values: readonly string[]): string =>
  names.length === 0 ? '' : `{${names.map((name, at) => `${name}="${escaped(values[at] ?? '')}"`).join(',')}}`;

const lines = (
  { name, kind, labels, buckets = [] }: Instrument,
  { values, value, counts }: Series,
): readonly string[] => {
  if (kind !== 'histogram') return [`${name}${labelled(labels, values)} ${value}`];
  let total = 0;
  const cumulative = counts.map((count, at) => {
    total += count;
    const bound = at < buckets.length ? String(buckets[at]) : '+Inf';
    return `${name}_bucket${labelled([...labels, 'le'], [...values, bound])} ${total}`;
  });
  const own = labelled(labels, values);
  return [...cumulative, `${name}_sum${own} ${value}`, `${name}_count${own} ${total}`];
};

/** Everything measured, in Prometheus' text format 0.0.4; instruments without a number yet are left out. */
export const exposition = ({ instruments, series }: Registry): string =>
  instruments
    .flatMap((instrument) => {
      const measured = [...series(instrument.name)];
      if (measured.length === 0) return [];
      const { name, help, kind } = instrument;
      return [
        `# HELP ${name} ${escapedHelp(help)}`,
        `# TYPE ${name} ${kind}`,
        ...measured.flatMap((one) => lines(instrument, one)),
      ];
    })
    .join('\n')
    .concat('\n');
