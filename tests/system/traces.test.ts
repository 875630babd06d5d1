import { expect, it, vi } from 'vitest';
import { ask, dataFolder, startServer } from '../support/acta.ts';
import { otlpReceiver } from '../support/otlp-receiver.ts';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const caller = 'b7ad6b7169203331';

const tracedServer = async () => {
  const receiver = await otlpReceiver();
  const server = await startServer(await dataFolder(), {
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    OTEL_BSP_SCHEDULE_DELAY: '100',
  });
  return { receiver, server };
};

it('a request can be followed from its arrival through its appends into the read models that show it', async () => {
  const { receiver, server } = await tracedServer();
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

it('so can a turn: what the process does long after the request was recorded belongs to the trace of its caller', async () => {
  const { receiver, server } = await tracedServer();
  const traces = ['1', '2', '3'].map((digit) => digit.repeat(32));
  const streams = await Promise.all(
    traces.map(async (trace) => {
      const headers = { traceparent: `00-${trace}-${caller}-01` };
      const { body } = await ask(server.url, '/chat', { body: { message: 'hello' }, headers });
      expect(body.status).toBe('completed');
      return `session-${body.session_id}`;
    }),
  );
  const of = (stream: string) =>
    receiver
      .spans()
      .filter(({ attributes }) =>
        attributes.some(({ key, value }) => key === 'acta.stream' && value['stringValue'] === stream),
      )
      .map(({ name, traceId }) => ({ name, traceId }));
  for (const [index, stream] of streams.entries()) {
    const traceId = traces[index];
    await vi.waitFor(() => expect(of(stream)).toContainEqual({ name: 'effect model', traceId }), { timeout: 20_000 });
    // The request's own append, and those of the context, of the model's reply and of what follows it.
    await vi.waitFor(() => expect(of(stream).filter(({ name }) => name === 'append').length).toBeGreaterThan(3));
    expect(new Set(of(stream).map((span) => span.traceId))).toEqual(new Set([traceId]));
  }
  await receiver.close();
});
