import { once } from 'node:events';
import http2, { type ClientHttp2Session, type ClientHttp2Stream, type IncomingHttpHeaders } from 'node:http2';

/** gRPC as bytes, for what the official client would never send and never shows. */
export interface Answer {
  readonly headers: IncomingHttpHeaders;
  readonly trailers: IncomingHttpHeaders;
  readonly messages: readonly Buffer[];
}

export const framed = (message: Uint8Array, compressed = 0): Buffer => {
  const prefix = Buffer.alloc(5);
  prefix[0] = compressed;
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
};

export const messagesIn = (bytes: Buffer): Buffer[] => {
  if (bytes.length < 5) return [];
  const end = 5 + bytes.readUInt32BE(1);
  return [bytes.subarray(5, end), ...messagesIn(bytes.subarray(end))];
};

export const connect = (port: number, options: http2.ClientSessionOptions = {}): ClientHttp2Session => {
  const session = http2.connect(`http://127.0.0.1:${port}`, options);
  session.on('error', () => undefined);
  return session;
};

export const begin = (
  session: ClientHttp2Session,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): ClientHttp2Stream => {
  const stream = session.request(
    { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers', ...headers },
    { endStream: false },
  );
  stream.on('error', () => undefined);
  return stream;
};

/** What a call is answered with, until it is closed by either side. A subscription is left at its first message. */
export const answerTo = async (stream: ClientHttp2Stream): Promise<Answer> => {
  const chunks: Buffer[] = [];
  let [headers, trailers]: [IncomingHttpHeaders, IncomingHttpHeaders] = [{}, {}];
  stream.once('response', (received) => {
    headers = received;
    if (received['grpc-status'] !== undefined) trailers = received;
  });
  stream.once('trailers', (received) => {
    trailers = received;
  });
  const confirmation = 0x12;
  stream.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    if (chunk[5] === confirmation) stream.close(http2.constants.NGHTTP2_CANCEL);
  });
  if (!stream.closed) await once(stream, 'close');
  return { headers, trailers, messages: messagesIn(Buffer.concat(chunks)) };
};

/** A whole call: these bytes, and nothing after them. */
export const call = (session: ClientHttp2Session, path: string, body: Uint8Array): Promise<Answer> => {
  const stream = begin(session, path);
  stream.end(body);
  return answerTo(stream);
};

export const paths = {
  read: '/event_store.client.streams.Streams/Read',
  append: '/event_store.client.streams.Streams/Append',
  batchAppend: '/event_store.client.streams.Streams/BatchAppend',
  remove: '/event_store.client.streams.Streams/Delete',
  tombstone: '/event_store.client.streams.Streams/Tombstone',
  features: '/event_store.client.server_features.ServerFeatures/GetSupportedMethods',
  gossip: '/event_store.client.gossip.Gossip/Read',
} as const;
