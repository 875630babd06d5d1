import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What all bodies have in common; the rest is the protocol's. */
export interface SeenBody {
  readonly model: string;
}

/** A request as the provider saw it. */
export interface SeenRequest<Body extends SeenBody = SeenBody> {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** The parsed JSON body. */
  readonly body: Body;
  /** The client's port: the same for requests on the same connection. */
  readonly port: number | undefined;
  /** True once the client has closed the connection before the answer was complete. */
  left: boolean;
}

/** How one request is answered. Made by functions; written by hand where none of them fits. */
export type Answer<Body extends SeenBody = SeenBody> = (
  request: SeenRequest<Body>,
  response: ServerResponse,
) => Promise<void> | void;

export interface ModelServer<Body extends SeenBody = SeenBody> {
  readonly url: string;
  /** Everything that was asked, in order. */
  readonly requests: readonly SeenRequest<Body>[];
  /** Answers for the requests to come. */
  readonly next: (...answers: readonly Answer<Body>[]) => void;
  readonly close: () => Promise<void>;
}

/** A local server whose script answers requests in order; when it is at its end, `otherwise` does. */
export const modelServer = async <Body extends SeenBody>({
  script = [],
  otherwise,
}: {
  readonly script?: readonly Answer<Body>[];
  readonly otherwise: Answer<Body>;
}): Promise<ModelServer<Body>> => {
  const answers = [...script];
  const requests: SeenRequest<Body>[] = [];
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const { method = '', url = '', headers } = incoming;
      const body = JSON.parse(Buffer.concat(chunks).toString() || '{}') as Body;
      const port = incoming.socket.remotePort;
      const request: SeenRequest<Body> = { method, path: url, headers, body, port, left: false };
      response.on('close', () => (request.left = !response.writableFinished));
      requests.push(request);
      Promise.resolve((answers.shift() ?? otherwise)(request, response)).catch(() => response.destroy());
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    next: (...more) => void answers.push(...more),
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
};

/** What an answer says beside its text, in words that every protocol has. */
export interface Speech {
  readonly tools?: readonly { readonly id?: string; readonly name: string; readonly input: unknown }[];
  /** Why it ends; left out, at its end, or for its tools. */
  readonly stop?: 'length' | 'refusal' | 'unheard_of';
  readonly usage?: { readonly input: number; readonly output: number };
  /** Into how many deltas the text is cut. */
  readonly chunks?: number;
}

/** A provider's protocol, as a server speaks it. */
export interface Wire {
  readonly media_type: string;
  /** The frames of a whole message, in the provider's order. */
  readonly frames: (text: string, speech: Speech, asked: string) => readonly string[];
  /** Of these, the last so many make the message complete. */
  readonly end_frames: number;
  /** The frame that reports an error in a stream that began well. */
  readonly late_error: (reason: string) => string;
  readonly error_body: (status: number, reason: string) => object;
}

/** Cuts a text into so many pieces. */
export const cutInto = (text: string, count: number): readonly string[] => {
  const size = Math.max(1, Math.ceil(text.length / count));
  return Array.from({ length: Math.ceil(text.length / size) }, (_, n) => text.slice(n * size, n * size + size));
};

/** The answers that every server can give, in one protocol. */
export const answersIn = ({ media_type, frames, end_frames, late_error, error_body }: Wire) => {
  const open = (response: ServerResponse): ServerResponse => response.writeHead(200, { 'content-type': media_type });
  const begun = (text: string, speech: Speech, asked: string): readonly string[] =>
    frames(text, speech, asked).slice(0, -end_frames);
  return {
    /** A whole answer. */
    says:
      (text: string, speech: Speech = {}): Answer =>
      ({ body }, response) =>
        void open(response).end(frames(text, speech, body.model).join('')),
    /** An error status with the provider's error body. */
    fails:
      (status: number, reason = 'no', headers: Readonly<Record<string, string>> = {}): Answer =>
      (_, response) =>
        void response
          .writeHead(status, { 'content-type': 'application/json', ...headers })
          .end(JSON.stringify(error_body(status, reason))),
    /** An error in a stream that began well. */
    failsLate:
      (text: string, reason = 'later'): Answer =>
      ({ body }, response) =>
        void open(response).end(begun(text, {}, body.model).join('') + late_error(reason)),
    /** The first so much of an answer, between 0 and 1, then the connection is torn down. */
    cutAt:
      (part: number, text: string, speech: Speech = {}): Answer =>
      async ({ body }, response) => {
        const whole = Buffer.from(begun(text, speech, body.model).join(''));
        open(response);
        await new Promise((resolve) => response.write(whole.subarray(0, Math.ceil(whole.length * part)), resolve));
        response.socket?.destroy();
      },
    /** An answer that ends in good order, though the message has not ended. */
    stopsShort:
      (text: string, speech: Speech = {}): Answer =>
      ({ body }, response) =>
        void open(response).end(begun(text, speech, body.model).join('')),
    /** Whatever bytes. */
    garbles:
      (bytes: string): Answer =>
      (_, response) =>
        void open(response).end(bytes),
    /** Takes the request and never answers. */
    hangs: (): Answer => () => undefined,
    /** Begins to answer and never goes on. */
    hangsAfter:
      (text: string): Answer =>
      ({ body }, response) =>
        void open(response).write(begun(text, {}, body.model).join('')),
    /** Goes on answering until the client has had enough. */
    neverEnds: (): Answer => (request, response) => {
      const [one = ''] = begun('x'.repeat(64_000), { chunks: 1 }, request.body.model).slice(-1);
      open(response).write(begun('x', { chunks: 1 }, request.body.model).join(''));
      const more = (): void => void (request.left || response.write(one, more));
      more();
    },
  };
};
