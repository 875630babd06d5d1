import { expect, it, vi } from 'vitest';
import { ask, dataFolder, startServer } from '../support/acta.ts';
import { otlpReceiver } from '../support/otlp-receiver.ts';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const caller = 'b7ad6b7169203331';

it('a request can be followed from its arrival through its appends into the read models that show it', async () => {
  const receiver = await otlpReceiver();
  const folder = await dataFolder();
  const server = await startServer(folder, {
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    OTEL_BSP_SCHEDULE_DELAY: '100',
  });
  const created = await ask(server.url, '/agents', {
    body: { name: 'Traced' },
    headers: { traceparent: `00-${traceId}-${caller}-01` },
  });
  expect(created.status).toBe(201);

  const names = await vi.waitFor(
    () => {
      const seen = receiver.spans().filter((span) => span.traceId === traceId);
      expect(seen.map(({ name }) => name)).toContain('fold');
      expect(seen.map(({ name }) => name)).toContain('append');
      return new Map(seen.map((span) => [span.name, span]));
    },
    { timeout: 20_000, interval: 100 },
  );
  const spanAbove = (name: string) => [...names.values()].find((span) => span.spanId === names.get(name)?.parentSpanId);
  const command = [...names.keys()].find((name) => name.startsWith('command '));
  expect(spanAbove('append')?.name).toBe(command);
  expect(spanAbove(command ?? '')?.parentSpanId).toBe(caller);
  const { attributes, parentSpanId } = names.get('fold')!;
  expect(attributes.find(({ key }) => key === 'acta.projections')?.value['stringValue']).toContain('agents');
  expect([...names.values()].map(({ spanId }) => spanId)).toContain(parentSpanId);
  await receiver.close();
});
