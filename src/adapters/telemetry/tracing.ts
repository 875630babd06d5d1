import {
  context,
  isSpanContextValid,
  metrics,
  propagation,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Attributes,
  type Context,
  type Span,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import {
  resourceAttributesEnvDetector,
  resourceFromAttributes,
  serviceInstanceIdDetector,
  serviceNameEnvDetector,
} from '@opentelemetry/resources';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { ATTR_ERROR_TYPE, ATTR_SERVICE_NAME, ATTR_SERVICE_VERSION } from '@opentelemetry/semantic-conventions';
import type { Telemetry } from '../../ports.ts';
import { bridged } from './metrics-bridge.ts';
import type { Registry } from './registry.ts';
import { accountedProcessor } from './span-queue.ts';

/** Longer values of attributes are cut. */
const attributeCharsMax = 1_024;

/** Which span a log line belongs to. */
export interface TraceIds {
  readonly trace_id: string;
  readonly span_id: string;
}

export interface Tracing extends Pick<Telemetry, 'span' | 'traceparent'> {
  readonly trace: () => TraceIds | undefined;
  readonly close: () => Promise<void>;
}

export interface TracingSettings {
  readonly traces: boolean;
  readonly metrics: boolean;
  readonly version: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly registry: Registry;
  /** Brings the gauges up to date before they are exported. */
  readonly sample: () => Promise<void>;
}

/** W3C Trace Context, 3.2: version, trace id, parent id, flags. */
const header = /^(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})/;

/** The context of a recorded traceparent; one that is malformed is as good as none. */
const continued = (from: Context, traceparent: string | undefined): Context => {
  const [, traceId = '', spanId = '', flags = ''] = header.exec(traceparent ?? '') ?? [];
  const parent = { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true };
  return isSpanContextValid(parent) ? trace.setSpanContext(from, parent) : from;
};

const failedSpan = (span: Span, error: unknown): void => {
  const { name = 'Error', message = '' } = error instanceof Error ? error : {};
  span.setAttribute(ATTR_ERROR_TYPE, name);
  span.setStatus({ code: SpanStatusCode.ERROR, message: message.slice(0, attributeCharsMax) });
};

/**
 * Starts the OpenTelemetry SDK: sampler, limits, resource and exporter settings are read from `OTEL_*` by the SDK itself.
 * The process's command line is no part of the resource, since it may hold what should not travel.
 */
export const startTracing = ({ traces, metrics: push, version, env, registry, sample }: TracingSettings): Tracing => {
  const sdk = new NodeSDK({
    resource: resourceFromAttributes({ [ATTR_SERVICE_NAME]: 'acta', [ATTR_SERVICE_VERSION]: version }),
    resourceDetectors: [serviceInstanceIdDetector, resourceAttributesEnvDetector, serviceNameEnvDetector],
    spanProcessors: traces ? [accountedProcessor(new OTLPTraceExporter(), env, registry)] : [],
    spanLimits: { attributeValueLengthLimit: attributeCharsMax },
    // Left out, the readers come from `OTEL_METRICS_EXPORTER`.
    ...(push ? {} : { metricReaders: [] }),
    logRecordProcessors: [],
  });
  sdk.start();
  if (push) bridged(registry, sample);
  const tracer = trace.getTracer('acta', version);

  const opened = (name: string, attributes: Attributes, traceparent?: string): readonly [Span, Context] | undefined => {
    try {
      const parent = continued(context.active(), traceparent);
      const span = tracer.startSpan(name, { attributes }, parent);
      return [span, trace.setSpan(parent, span)];
    } catch {
      registry.reject('span_failed');
      return undefined;
    }
  };
  const quietly = (note: () => void): void => {
    try {
      note();
    } catch {
      registry.reject('span_failed');
    }
  };

  return {
    span: async (name, attributes, work, traceparent) => {
      const open = opened(name, attributes, traceparent);
      if (open === undefined) return work();
      const [span, inside] = open;
      try {
        return await context.with(inside, work);
      } catch (error) {
        quietly(() => failedSpan(span, error));
        throw error;
      } finally {
        quietly(() => span.end());
      }
    },
    traceparent: () => {
      const active = trace.getActiveSpan()?.spanContext();
      if (active === undefined || (active.traceFlags & TraceFlags.SAMPLED) === 0) return undefined;
      return `00-${active.traceId}-${active.spanId}-01`;
    },
    trace: () => {
      const active = trace.getActiveSpan()?.spanContext();
      return active === undefined ? undefined : { trace_id: active.traceId, span_id: active.spanId };
    },
    close: async () => {
      await sdk.shutdown();
      for (const api of [trace, context, propagation, metrics]) api.disable();
    },
  };
};
