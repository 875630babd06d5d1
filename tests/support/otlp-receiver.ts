import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface SeenSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly attributes: readonly { readonly key: string; readonly value: Readonly<Record<string, unknown>> }[];
  readonly status?: { readonly code?: number; readonly message?: string };
}

interface Payload {
  readonly resourceSpans?: readonly {
    readonly resource: { readonly attributes: SeenSpan['attributes'] };
    readonly scopeSpans: readonly { readonly spans: readonly SeenSpan[] }[];
  }[];
  readonly resourceMetrics?: readonly {
    readonly scopeMetrics: readonly {
      readonly metrics: readonly ({ readonly name: string } & Readonly<Record<string, unknown>>)[];
    }[];
  }[];
}

/** A collector on loopback: takes OTLP over HTTP in JSON, and keeps what it was sent. */
export const otlpReceiver = async () => {
  const payloads: { readonly path: string; readonly payload: Payload }[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      payloads.push({ path: request.url ?? '', payload: JSON.parse(Buffer.concat(chunks).toString()) as Payload });
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const resourceSpans = () => payloads.flatMap(({ payload }) => payload.resourceSpans ?? []);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    paths: () => payloads.map(({ path }) => path),
    spans: () => resourceSpans().flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)),
    resource: () =>
      Object.fromEntries(
        resourceSpans().flatMap(({ resource }) =>
          resource.attributes.map(({ key, value }) => [key, Object.values(value)[0]]),
        ),
      ),
    metrics: () =>
      payloads
        .flatMap(({ payload }) => payload.resourceMetrics ?? [])
        .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics)),
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
};
