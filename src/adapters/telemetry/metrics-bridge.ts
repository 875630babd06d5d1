import { metrics, type Attributes, type Observable } from '@opentelemetry/api';
import type { Registry } from './registry.ts';

/** Shows the registry to the SDK's meter: sums when it asks, observations as they are made. */
export const bridged = (registry: Registry, sample: () => Promise<void>): void => {
  const meter = metrics.getMeter('acta');
  const histograms = new Map(
    registry.instruments
      .filter(({ kind }) => kind === 'histogram')
      .map(({ name, help, unit, buckets = [] }) => {
        const advice = { explicitBucketBoundaries: [...buckets] };
        return [name, meter.createHistogram(name, { description: help, unit, advice })] as const;
      }),
  );
  const sums = registry.instruments
    .filter(({ kind }) => kind !== 'histogram')
    .map((instrument): readonly [typeof instrument, Observable] => {
      const { name, kind, help, unit } = instrument;
      const options = { description: help, unit };
      const observable =
        kind === 'counter' ? meter.createObservableCounter(name, options) : meter.createObservableGauge(name, options);
      return [instrument, observable];
    });
  const named = (labels: readonly string[], values: readonly string[]): Attributes =>
    Object.fromEntries(labels.map((label, at) => [label, values[at] ?? '']));
  meter.addBatchObservableCallback(
    async (result) => {
      await sample();
      for (const [{ name, labels }, observable] of sums)
        for (const { value, values } of registry.series(name)) result.observe(observable, value, named(labels, values));
    },
    sums.map(([, observable]) => observable),
  );
  registry.mirror(({ name, labels }, value, values) => histograms.get(name)?.record(value, named(labels, values)));
};
