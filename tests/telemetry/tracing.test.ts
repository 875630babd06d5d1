import { TracerProvider } from '@opentelemetry/sdk-trace';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { registryOf } from '../../src/adapters/telemetry/registry.ts';
import { accountedProcessor } from '../../src/adapters/telemetry/span-queue.ts';
import { telemetryOf, type RunningTelemetry } from '../../src/adapters/telemetry/telemetry.ts';
import { anthropicModel } from '../../src/adapters/models/anthropic.ts';
import { anthropicServer } from '../support/anthropic-server.ts';
import { otlpReceiver, type SeenSpan } from '../support/otlp-receiver.ts';

let telemetry: RunningTelemetry | undefined;
let receiver: Awaited<ReturnType<typeof otlpReceiver>>;

beforeEach(async () => {
  receiver = await otlpReceiver();
});
afterEach(async () => {
  await telemetry?.close();
  telemetry = undefined;
  await receiver.close();
  vi.unstubAllEnvs();
});

const started = async (env: Readonly<Record<string, string>> = {}): Promise<RunningTelemetry> => {
  const all = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_BSP_SCHEDULE_DELAY: '20', ...env };
  for (const [name, value] of Object.entries(all)) vi.stubEnv(name, value);
  telemetry = await telemetryOf({ version: '1.2.3' });
  return telemetry;
};
const named = (name: string): SeenSpan | undefined => receiver.spans().find((span) => span.name === name);
const attributesOf = (span: SeenSpan | undefined): object =>
  Object.fromEntries((span?.attributes ?? []).map(({ key, value }) => [key, Object.values(value)[0]]));
const metricOf = async (name: string): Promise<string> =>
  (await telemetry?.metricsText())?.split('\n').find((line) => line.startsWith(name)) ?? '';

describe('traces', () => {
  it('join a request, its command, its append, and the projection that reads of it later', async () => {
    const { span, traceparent } = await started();
    const incoming = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const recorded = await span(
      'POST /sessions',
      { 'http.route': '/sessions' },
      () =>
        span('open_session', { command: 'open_session' }, () =>
          span('append', {}, () => Promise.resolve(traceparent())),
        ),
      incoming,
    );
    await span('project', { projection: 'sessions' }, () => Promise.resolve(), recorded);
    await vi.waitFor(() => expect(receiver.spans()).toHaveLength(4), 5_000);

    const [request, command, append, project] = ['POST /sessions', 'open_session', 'append', 'project'].map(named);
    expect(receiver.spans().map(({ traceId }) => traceId)).toEqual(Array(4).fill('0af7651916cd43dd8448eb211c80319c'));
    expect(request?.parentSpanId).toBe('b7ad6b7169203331');
    expect(command?.parentSpanId).toBe(request?.spanId);
    expect(append?.parentSpanId).toBe(command?.spanId);
    expect(project?.parentSpanId).toBe(append?.spanId);
    expect(recorded).toBe(`00-${append?.traceId}-${append?.spanId}-01`);
    expect(attributesOf(project)).toMatchObject({ projection: 'sessions' });
    await vi.waitFor(
      async () => expect(await metricOf('acta_trace_spans_exported_total')).toBe('acta_trace_spans_exported_total 4'),
      5_000,
    );
  });

  it('keep work that runs at the same time apart', async () => {
    const { span, trace } = await started();
    const both = ['a', 'b'].map((name) =>
      span(name, {}, async () => {
        await Promise.resolve();
        const here = trace()?.span_id;
        const inner = await span(`${name} inner`, {}, () => Promise.resolve(trace()?.trace_id));
        return { here, inner, after: trace()?.span_id };
      }),
    );
    const [a, b] = await Promise.all(both);
    expect(a?.here).toBe(a?.after);
    expect(a?.inner).not.toBe(b?.inner);
    expect(trace()).toBeUndefined();
  });

  it('begin anew where the recorded parent is no traceparent', async () => {
    const { span } = await started();
    for (const wrong of [
      '',
      'nonsense',
      `00-${'0'.repeat(32)}-b7ad6b7169203331-01`,
      `ff-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
    ])
      await span('work', {}, () => Promise.resolve(), wrong);
    await vi.waitFor(() => expect(receiver.spans()).toHaveLength(4), 5_000);
    expect(receiver.spans().every(({ parentSpanId = '' }) => parentSpanId === '')).toBe(true);
  });

  it('follow the caller who does not sample', async () => {
    const { span, traceparent } = await started();
    const unsampled = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00';
    expect(await span('quiet', {}, () => Promise.resolve(traceparent()), unsampled)).toBeUndefined();
    await span('loud', {}, () => Promise.resolve());
    await vi.waitFor(() => expect(named('loud')).toBeDefined(), 5_000);
    expect(named('quiet')).toBeUndefined();
  });

  it('tell a failure by its name, and pass it on', async () => {
    const { span } = await started();
    const failing = span('fails', { big: 'x'.repeat(5_000) }, () => Promise.reject(new RangeError('too far')));
    await expect(failing).rejects.toThrow('too far');
    await vi.waitFor(() => expect(named('fails')).toBeDefined(), 5_000);
    expect(named('fails')?.status).toMatchObject({ code: 2, message: 'too far' });
    expect(attributesOf(named('fails'))).toEqual({ 'error.type': 'RangeError', big: 'x'.repeat(1_024) });
  });

  it('name the service, as OTEL_* says or acta, and nothing of the command line', async () => {
    const { span } = await started({ OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test' });
    await span('work', {}, () => Promise.resolve());
    await vi.waitFor(() => expect(named('work')).toBeDefined(), 5_000);
    expect(receiver.resource()).toMatchObject({
      'service.name': 'acta',
      'service.version': '1.2.3',
      'deployment.environment.name': 'test',
    });
    expect(Object.keys(receiver.resource()).filter((key) => key.startsWith('process.'))).toEqual([]);
    expect(receiver.paths()).toEqual(['/v1/traces']);
  });

  it('take another name and another sampler from OTEL_*', async () => {
    const { span } = await started({ OTEL_SERVICE_NAME: 'acta-eu', OTEL_TRACES_SAMPLER: 'always_off' });
    await span('unseen', {}, () => Promise.resolve());
    await telemetry?.close();
    expect(receiver.spans()).toEqual([]);
    const second = await started({ OTEL_SERVICE_NAME: 'acta-eu', OTEL_TRACES_SAMPLER: 'always_on' });
    await second.span('seen', {}, () => Promise.resolve());
    await second.close();
    expect(receiver.resource()).toMatchObject({ 'service.name': 'acta-eu' });
  });

  it('hold the call of a model, without what was said', async () => {
    const provider = await anthropicServer();
    const { span, trace } = await started();
    const model = anthropicModel({ api_key: 'k', base_url: provider.url });
    const request = {
      model: '',
      system: 'S3cret',
      messages: [{ role: 'user', content: 'S3cret' }],
      max_tokens: 9,
    } as const;
    const outer = await span('turn', {}, async () => {
      await model.complete(request, { signal: new AbortController().signal });
      return trace();
    });
    await provider.close();
    await vi.waitFor(() => expect(receiver.spans()).toHaveLength(2), 5_000);
    const call = receiver.spans().find(({ parentSpanId }) => parentSpanId === outer?.span_id);
    expect(attributesOf(call)).toMatchObject({ 'gen_ai.request.model': 'claude-sonnet-5' });
    expect(JSON.stringify(receiver.spans())).not.toContain('S3cret');
    expect(provider.requests[0]?.headers['traceparent']).toContain(outer?.trace_id);
  });
});

describe('a collector that is away', () => {
  it('costs the work nothing, and is counted', async () => {
    const { span } = await started({
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1',
      OTEL_EXPORTER_OTLP_TIMEOUT: '50',
    });
    expect(await span('work', {}, () => Promise.resolve('done'))).toBe('done');
    await vi.waitFor(
      async () => expect(await metricOf('acta_trace_spans_dropped_total{reason="export_failed"}')).toMatch(/ 1$/),
      10_000,
    );
  });

  it('fills a queue, and what does not fit is counted', async () => {
    const { span } = await started({
      OTEL_BSP_MAX_QUEUE_SIZE: '10',
      OTEL_BSP_SCHEDULE_DELAY: '60000',
      OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '10',
    });
    // All in one tick: ten are taken to be sent, ten wait, and no more can be sent meanwhile.
    await Promise.all(Array.from({ length: 50 }, () => span('work', {}, () => Promise.resolve())));
    expect(await metricOf('acta_trace_spans_dropped_total{reason="queue_full"}')).toMatch(/ 30$/);
  });

  it('does not hold up the end of the program', async () => {
    const { span } = await started({
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1',
      OTEL_EXPORTER_OTLP_TIMEOUT: '60',
    });
    await span('work', {}, () => Promise.resolve());
    await telemetry?.close();
    expect(await metricOf('acta_trace_spans_dropped_total{reason="export_failed"}')).toMatch(/ 1$/);
  });
});

describe('an exporter that throws', () => {
  it('is counted, and nobody else hears of it', async () => {
    const registry = registryOf();
    const broken = {
      export: (): void => {
        throw new Error('exporter');
      },
      shutdown: () => Promise.resolve(),
    };
    const provider = new TracerProvider({
      spanProcessors: [accountedProcessor(broken, { OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '1' }, registry)],
    });
    provider.getTracer('test').startSpan('work').end();
    await vi.waitFor(() =>
      expect([...registry.series('acta_trace_spans_dropped_total')]).toMatchObject([
        { values: ['export_failed'], value: 1 },
      ]),
    );
  });
});

describe('numbers by push', () => {
  it('are the same as the ones that are asked for', async () => {
    const running = await started({
      OTEL_TRACES_EXPORTER: 'none',
      OTEL_METRICS_EXPORTER: 'otlp',
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    });
    running.count('acta_turns_total', { outcome: 'completed' }, 3);
    running.observe('acta_append_duration_seconds', 0.002);
    running.onScrape(() => running.gauge('acta_appends_in_flight', 5));
    await running.close();
    const metric = (name: string) => receiver.metrics().find((one) => one.name === name);
    expect(metric('acta_turns_total')).toMatchObject({
      sum: {
        isMonotonic: true,
        dataPoints: [{ asDouble: 3, attributes: [{ key: 'outcome', value: { stringValue: 'completed' } }] }],
      },
    });
    expect(metric('acta_appends_in_flight')).toMatchObject({ gauge: { dataPoints: [{ asDouble: 5 }] } });
    expect(metric('acta_append_duration_seconds')).toMatchObject({
      histogram: { dataPoints: [{ count: 1, sum: 0.002 }] },
    });
  });
});
