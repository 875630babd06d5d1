import { glob, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { exposition } from '../../src/adapters/telemetry/exposition.ts';
import { instruments, type Instrument } from '../../src/adapters/telemetry/instruments.ts';
import { registryOf } from '../../src/adapters/telemetry/registry.ts';
import { telemetryOf } from '../../src/adapters/telemetry/telemetry.ts';

const source = fileURLToPath(new URL('../../src/', import.meta.url));

const instrument = (more: Partial<Instrument>): Instrument => ({
  name: 'things_total',
  kind: 'counter',
  help: 'Things.',
  unit: '1',
  labels: ['kind'],
  seriesMax: 3,
  ...more,
});
const rejections = instrument({ name: 'acta_telemetry_rejected_total', labels: ['reason'], seriesMax: 9 });
const textOf = (use: (registry: ReturnType<typeof registryOf>) => void, ...more: readonly Instrument[]): string => {
  const registry = registryOf([...more, rejections]);
  use(registry);
  return exposition(registry);
};

describe('the instruments', () => {
  it('have names and units as Prometheus wants them, each once', () => {
    expect(new Set(instruments.map(({ name }) => name)).size).toBe(instruments.length);
    for (const { name, kind, help } of instruments) {
      expect(name).toMatch(/^[a-z][a-z0-9_]*[a-z]$/);
      expect(name.endsWith('_total')).toBe(kind === 'counter');
      expect(help).toMatch(/\.$/);
    }
  });

  it('never have an id for a label', () => {
    const labels = new Set(instruments.flatMap((one) => one.labels));
    for (const label of labels)
      expect(label).not.toMatch(
        /(?:^|_)(?:id|uuid|key|session|turn|stream|run|actor|tenant|principal|trace|position)$/,
      );
  });

  it('have buckets that ascend, and a bound on their series', () => {
    for (const { kind, buckets = [], seriesMax } of instruments) {
      expect(buckets.length > 0).toBe(kind === 'histogram');
      expect(buckets.every((bound, at) => at === 0 || bound > (buckets[at - 1] ?? 0))).toBe(true);
      expect(seriesMax).toBeLessThanOrEqual(1_500);
    }
  });

  it('include whatever the program measures, as the kind it is measured as', async () => {
    const kinds = new Map(instruments.map(({ name, kind }) => [name, kind]));
    const verbs = { count: 'counter', observe: 'histogram', gauge: 'gauge', timer: 'histogram' } as const;
    let uses = 0;
    for await (const file of glob(`${source}**/*.ts`))
      for (const [, verb, name = ''] of (await readFile(file, 'utf8')).matchAll(
        /\btelemetry\s*\.(count|observe|gauge|timer)\(\s*'([^']+)'/g,
      )) {
        expect([file.slice(source.length), name, kinds.get(name)]).toEqual([
          file.slice(source.length),
          name,
          verbs[verb as keyof typeof verbs],
        ]);
        uses += 1;
      }
    expect(uses).toBeGreaterThan(5);
  });

  it('are all measured somewhere: a number that stays 0 for ever is read as good news', async () => {
    let code = '';
    for await (const file of glob(`${source}**/*.ts`))
      if (!file.endsWith('instruments.ts')) code += await readFile(file, 'utf8');
    expect(instruments.map(({ name }) => name).filter((name) => !code.includes(`'${name}'`))).toEqual([]);
  });
});

describe('the registry', () => {
  it('adds up counters, keeps the last of a gauge, and says a counter that never counted is 0', () => {
    const text = textOf(
      ({ count, gauge }) => {
        count('things_total', { kind: 'a' });
        count('things_total', { kind: 'a' }, 2);
        gauge('level', 3);
        gauge('level', -1.5);
      },
      instrument({}),
      instrument({ name: 'level', kind: 'gauge', labels: [] }),
      instrument({ name: 'never_total', labels: [] }),
    );
    expect(text).toContain('things_total{kind="a"} 3\n');
    expect(text).toContain('level -1.5\n');
    expect(text).toContain('never_total 0\n');
  });

  it('puts observations into buckets that include the ones below, up to the one without a bound', () => {
    const text = textOf(
      ({ observe }) => {
        for (const value of [0.1, 1, 1.5, 99]) observe('wait_seconds', value, { kind: 'a' });
      },
      instrument({ name: 'wait_seconds', kind: 'histogram', buckets: [1, 2] }),
    );
    expect(text.split('\n').filter((line) => line.startsWith('wait'))).toEqual([
      'wait_seconds_bucket{kind="a",le="1"} 2',
      'wait_seconds_bucket{kind="a",le="2"} 3',
      'wait_seconds_bucket{kind="a",le="+Inf"} 4',
      'wait_seconds_sum{kind="a"} 101.6',
      'wait_seconds_count{kind="a"} 4',
    ]);
  });

  it('escapes what a label or a help text may hold', () => {
    const text = textOf(
      ({ count }) => count('things_total', { kind: 'a "b"\\\nc' }),
      instrument({ help: 'One\\two\nlines.' }),
    );
    expect(text).toContain('# HELP things_total One\\\\two\\nlines.\n# TYPE things_total counter\n');
    expect(text).toContain('things_total{kind="a \\"b\\"\\\\\\nc"} 1\n');
  });

  it('counts what exceeds its series as other, so that no label can fill the memory', () => {
    const text = textOf(({ count }) => {
      for (let n = 0; n < 1_000; n += 1) count('things_total', { kind: `kind ${n}` });
    }, instrument({}));
    expect(text).toContain('things_total{kind="kind 2"} 1\n');
    expect(text).toContain('things_total{kind="other"} 997\n');
    expect(text.split('\n').filter((line) => line.startsWith('things_total{'))).toHaveLength(4);
  });

  it('takes no id for a kind, and no label it does not know', () => {
    const text = textOf(({ count }) => {
      count('things_total', { kind: 'session-0192f0c1-1111-7222-8333-444444444444' });
      count('things_total', { kind: '0192f0c1111172228333444444444444' });
      count('things_total', { who: 'me' });
    }, instrument({}));
    expect(text).toContain('things_total{kind="other"} 2\n');
    expect(text).toContain('things_total{kind=""} 1\n');
    expect(text).toContain('acta_telemetry_rejected_total{reason="undeclared_label"} 1\n');
  });

  it('refuses what is not declared or not a number, and counts the refusal', () => {
    const text = textOf(({ count, observe, gauge }) => {
      count('unheard_of_total');
      observe('things_total', 1);
      gauge('things_total', 1);
      count('things_total', { kind: 'a' }, -1);
      count('things_total', { kind: 'a' }, Number.NaN);
    }, instrument({}));
    expect(text).toContain('acta_telemetry_rejected_total{reason="unknown_instrument"} 1\n');
    expect(text).toContain('acta_telemetry_rejected_total{reason="wrong_kind"} 2\n');
    expect(text).toContain('acta_telemetry_rejected_total{reason="not_a_number"} 2\n');
    expect(text).not.toContain('\nthings_total{');
  });
});

describe('telemetry without a collector', () => {
  it('tells everything measured, and how the process is', async () => {
    const telemetry = await telemetryOf({ version: '1.2.3', env: {} });
    telemetry.count('acta_commands_total', { command: 'open_session', outcome: 'ok' });
    telemetry.onScrape(async () => {
      await Promise.resolve();
      telemetry.gauge('acta_appends_in_flight', 7);
    });
    await telemetry.metricsText();
    const text = await telemetry.metricsText();
    await telemetry.close();
    expect(telemetry.metricsType).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(text).toContain('acta_commands_total{command="open_session",outcome="ok"} 1\n');
    expect(text).toContain('acta_appends_in_flight 7\n');
    expect(text).toContain('acta_build_info{version="1.2.3"} 1\n');
    for (const name of [
      'acta_resident_memory_bytes',
      'acta_cpu_seconds_total',
      'acta_event_loop_lag_seconds{quantile="1"}',
    ])
      expect(text).toMatch(new RegExp(`\\n${name.replace(/[{}"]/g, '\\$&')} [\\d.e-]+\\n`));
    // Every line is a comment or a sample, as the format has it.
    for (const line of text.trimEnd().split('\n'))
      expect(line).toMatch(/^(?:# (?:HELP|TYPE) \w+ .+|\w+(?:\{\w+="[^"\n]*"(?:,\w+="[^"\n]*")*\})? [\d.e+-]+)$/);
  });

  it('goes on when a sample fails, and counts that', async () => {
    const telemetry = await telemetryOf({ version: '1', env: {} });
    telemetry.onScrape(() => {
      throw new Error('sample');
    });
    telemetry.onScrape(() => Promise.reject(new Error('sample')));
    expect(await telemetry.metricsText()).toContain('acta_telemetry_rejected_total{reason="sample_failed"} 2\n');
    await telemetry.close();
  });

  it('does the work of a span, and has no trace', async () => {
    const telemetry = await telemetryOf({ version: '1', env: {} });
    const seen = await telemetry.span('work', {}, () => Promise.resolve([telemetry.traceparent(), telemetry.trace()]));
    expect(seen).toEqual([undefined, undefined]);
    await expect(telemetry.span('work', {}, () => Promise.reject(new Error('mine')))).rejects.toThrow('mine');
  });

  it.each([
    [{}, []],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://x', OTEL_SDK_DISABLED: 'true' }, []],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://x', OTEL_TRACES_EXPORTER: 'none' }, []],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'collector' }, ['"collector" is no address of a collector']],
    [{ OTEL_TRACES_EXPORTER: 'zipkin' }, ['OTEL_TRACES_EXPORTER=zipkin is not offered; otlp and none are']],
    [
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://x', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' },
      ['traces are sent by OTLP over HTTP; the protocol grpc is not offered'],
    ],
  ])('traces nothing with %j, and says what it will not do', async (env, notices) => {
    const telemetry = await telemetryOf({ version: '1', env });
    expect(telemetry.notices).toEqual(notices);
    expect(await telemetry.span('work', {}, () => Promise.resolve(telemetry.trace()))).toBeUndefined();
  });
});
