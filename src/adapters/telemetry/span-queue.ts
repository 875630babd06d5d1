import { TraceFlags } from '@opentelemetry/api';
import { BatchSpanProcessor, type SpanExporter, type SpanProcessor } from '@opentelemetry/sdk-trace';
import type { Registry } from './registry.ts';

const positive = (text: string | undefined): number | undefined => {
  const value = Number(text);
  return Number.isInteger(value) && value > 0 ? value : undefined;
};

/**
 * The SDK's batch processor, with an account of what it loses: it drops spans in silence when its queue is full, and
 * swallows what the exporter says. `waiting` is the length of its queue, kept by the same rules.
 */
export const accountedProcessor = (
  exporter: SpanExporter,
  env: Readonly<Record<string, string | undefined>>,
  { count }: Pick<Registry, 'count'>,
): SpanProcessor => {
  const queueMax = positive(env['OTEL_BSP_MAX_QUEUE_SIZE']) ?? 2_048;
  let waiting = 0;
  const dropped = (reason: string, spans: number): void => count('acta_trace_spans_dropped_total', { reason }, spans);
  const accounted: SpanExporter = {
    export: (spans, done) => {
      waiting -= spans.length;
      const settle: typeof done = (result) => {
        const { code }: { readonly code: number } = result;
        // 0 is `ExportResultCode.SUCCESS`.
        if (code === 0) count('acta_trace_spans_exported_total', {}, spans.length);
        else dropped('export_failed', spans.length);
        done(result);
      };
      try {
        exporter.export(spans, settle);
      } catch (error) {
        settle({ code: 1, error: error as Error });
      }
    },
    forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve(),
    shutdown: () => exporter.shutdown(),
  };
  const batch = new BatchSpanProcessor({
    exporter: accounted,
    maxQueueSize: queueMax,
    maxExportBatchSize: positive(env['OTEL_BSP_MAX_EXPORT_BATCH_SIZE']) ?? Math.min(512, queueMax),
    scheduledDelayMillis: positive(env['OTEL_BSP_SCHEDULE_DELAY']) ?? 5_000,
    exportTimeoutMillis: positive(env['OTEL_BSP_EXPORT_TIMEOUT']) ?? 30_000,
  });
  return {
    onStart: () => undefined,
    onEnd: (span) => {
      if ((span.spanContext().traceFlags & TraceFlags.SAMPLED) === 0) return;
      if (waiting >= queueMax) dropped('queue_full', 1);
      else waiting += 1;
      batch.onEnd(span);
    },
    forceFlush: () => batch.forceFlush(),
    shutdown: () => batch.shutdown(),
  };
};
