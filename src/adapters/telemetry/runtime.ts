import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import type { Registry } from './registry.ts';

const resolutionMs = 10;
const quantiles = [0.5, 0.99, 1];

/**
 * Samples of the process itself: memory, CPU, and how late the event loop is. Watching the event loop begins with the
 * first sample, so that a program nobody looks at does not pay for it; that first sample knows no lag yet.
 */
export const runtimeSampler = (registry: Registry): { readonly sample: () => void; readonly close: () => void } => {
  let delay: ReturnType<typeof monitorEventLoopDelay> | undefined;
  let busy = performance.eventLoopUtilization();
  let cpuMicros = 0;
  registry.gauge('acta_start_time_seconds', Math.round(performance.timeOrigin) / 1000);

  const sampleLag = (): void => {
    if (delay === undefined) {
      delay = monitorEventLoopDelay({ resolution: resolutionMs });
      delay.enable();
      return;
    }
    for (const quantile of quantiles) {
      const nanos = delay.count === 0 ? 0 : delay.percentile(quantile * 100);
      const lag = Math.max(0, nanos / 1e9 - resolutionMs / 1e3);
      registry.gauge('acta_event_loop_lag_seconds', lag, { quantile: String(quantile) });
    }
    delay.reset();
  };

  return {
    sample: () => {
      const { rss, heapUsed } = process.memoryUsage();
      registry.gauge('acta_resident_memory_bytes', rss);
      registry.gauge('acta_heap_used_bytes', heapUsed);
      const { user, system } = process.cpuUsage();
      registry.count('acta_cpu_seconds_total', {}, (user + system - cpuMicros) / 1e6);
      cpuMicros = user + system;
      const now = performance.eventLoopUtilization();
      registry.gauge('acta_event_loop_utilization_ratio', performance.eventLoopUtilization(now, busy).utilization);
      busy = now;
      sampleLag();
    },
    close: () => {
      delay?.disable();
    },
  };
};
