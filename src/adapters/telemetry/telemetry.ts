import type { Telemetry } from '../../ports.ts';
import { exposition, expositionType } from './exposition.ts';
import { registryOf, type Registry } from './registry.ts';
import { runtimeSampler } from './runtime.ts';
import type { TraceIds, Tracing } from './tracing.ts';

/** Shutting down waits so long for what is still to be sent. */
const closeMsMax = 3_000;
/** Whoever asks for the numbers waits so long for the ones that have to be looked up. */
const sampleMsMax = 1_000;

export interface TelemetrySettings {
  readonly version: string;
  /** Decides what is started; the OpenTelemetry SDK reads the rest of `OTEL_*` from the process's own environment. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

export interface RunningTelemetry extends Telemetry {
  /** The active span, for the journal. */
  readonly trace: () => TraceIds | undefined;
  /** Everything measured, in Prometheus' text format. */
  readonly metricsText: () => Promise<string>;
  /** The content type of that. */
  readonly metricsType: string;
  /** Is called before anybody looks, to set gauges that nobody keeps current; a second later they are told as they are. */
  readonly onScrape: (sample: () => void | Promise<void>) => void;
  /** What was asked for and is not done, in sentences; for the journal at start. */
  readonly notices: readonly string[];
  /** Sends what is left, within three seconds. */
  readonly close: () => Promise<void>;
}

const untraced: Tracing = {
  span: (_name, _attributes, work) => work(),
  traceparent: () => undefined,
  trace: () => undefined,
  close: () => Promise.resolve(),
};

/** What `OTEL_*` asks for. */
interface Wanted {
  readonly traces: boolean;
  readonly metrics: boolean;
  readonly notices: readonly string[];
}

const wantedOf = (env: NonNullable<TelemetrySettings['env']>): Wanted => {
  const said = (...names: readonly string[]): string =>
    names.map((name) => env[name]?.trim() ?? '').find((text) => text !== '') ?? '';
  const listed = (name: string): readonly string[] =>
    said(name)
      .split(/[\s,]+/)
      .filter((part) => part !== '');
  if (said('OTEL_SDK_DISABLED').toLowerCase() === 'true') return { traces: false, metrics: false, notices: [] };

  const exporters = listed('OTEL_TRACES_EXPORTER');
  const endpoint = said('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'OTEL_EXPORTER_OTLP_ENDPOINT');
  const protocol = said('OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'OTEL_EXPORTER_OTLP_PROTOCOL');
  const asked = exporters.length === 0 ? endpoint !== '' : exporters.includes('otlp');
  const notices = exporters
    .filter((name) => name !== 'otlp' && name !== 'none')
    .map((name) => `OTEL_TRACES_EXPORTER=${name} is not offered; otlp and none are`);
  if (asked && protocol === 'grpc') notices.push('traces are sent by OTLP over HTTP; the protocol grpc is not offered');
  if (asked && endpoint !== '' && !URL.canParse(endpoint)) notices.push(`"${endpoint}" is no address of a collector`);
  return {
    traces: asked && notices.length === 0,
    metrics: listed('OTEL_METRICS_EXPORTER').includes('otlp'),
    notices,
  };
};

const within = async (ms: number, work: Promise<unknown>): Promise<void> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((resolve) => (timer = setTimeout(resolve, ms)));
  await Promise.race([work.catch(() => undefined), late]);
  clearTimeout(timer);
};

const samplesOf = (registry: Registry) => {
  const samples: (() => void | Promise<void>)[] = [];
  return {
    add: (sample: () => void | Promise<void>) => void samples.push(sample),
    take: () => {
      const taken = samples.map(async (sample) => {
        try {
          await sample();
        } catch {
          registry.reject('sample_failed');
        }
      });
      return within(sampleMsMax, Promise.all(taken));
    },
  };
};

/**
 * Numbers and traces. Numbers are always kept, in process, for `/metrics`: by a registry of a hundred lines, since
 * loading OpenTelemetry's own for the same text takes some 100 ms of every start. Traces are sent by OTLP over HTTP where
 * `OTEL_EXPORTER_OTLP_ENDPOINT` or `OTEL_TRACES_EXPORTER=otlp` asks for it, and numbers too where
 * `OTEL_METRICS_EXPORTER=otlp` does; only then the SDK is loaded. Otherwise a span is a call of its work.
 *
 * Nothing in here fails its caller: an exporter that throws, a collector that is away, a queue that is full, an SDK that
 * does not start are counted or noted, and the work is done once in any case (assurance F99).
 */
export const telemetryOf = async ({ version, env = process.env }: TelemetrySettings): Promise<RunningTelemetry> => {
  const registry = registryOf();
  const samples = samplesOf(registry);
  const runtime = runtimeSampler(registry);
  samples.add(runtime.sample);
  registry.gauge('acta_build_info', 1, { version });

  const wanted = wantedOf(env);
  const notices = [...wanted.notices];
  let tracing = untraced;
  if (wanted.traces || wanted.metrics)
    try {
      const { startTracing } = await import('./tracing.ts');
      tracing = startTracing({ ...wanted, version, env, registry, sample: samples.take });
    } catch (error) {
      notices.push(`OpenTelemetry could not be started: ${(error as Error).message}`);
    }

  return {
    count: registry.count,
    observe: registry.observe,
    gauge: registry.gauge,
    timer: (name, labels) => {
      const began = performance.now();
      return () => registry.observe(name, (performance.now() - began) / 1_000, labels);
    },
    span: tracing.span,
    traceparent: tracing.traceparent,
    trace: tracing.trace,
    metricsText: async () => {
      await samples.take();
      return exposition(registry);
    },
    metricsType: expositionType,
    onScrape: samples.add,
    notices,
    close: async () => {
      runtime.close();
      await within(closeMsMax, tracing.close());
    },
  };
};
