import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { framed } from '../wire/recorded-event.ts';
import { asciiOf, grpcStatus, invalid, type CallFailure } from './failure.ts';
import { messagesIn } from './frames.ts';
import { chunkBytes, unsentBytesMax } from './limits.ts';

/** One gRPC call, from whichever client. */
export interface Call {
  readonly path: string;
  /** Host and port as the client wrote them. */
  readonly authority: string;
  /** What the client sends. To be read once. */
  readonly messages: AsyncIterable<Buffer>;
  /** Aborted when the call is over, whoever ended it. */
  readonly signal: AbortSignal;
  readonly send: (message: Uint8Array) => void;
  /** For messages that are framed already. */
  readonly sendFrame: (frame: Buffer) => void;
  /** Waits for its turn and for a reader that is slow; false once the call is over and nothing more is wanted. */
  readonly goOn: () => Promise<boolean>;
  readonly end: (failure?: CallFailure) => void;
}

/**
 * Messages gathered into chunks. What is sent within one turn of the event loop leaves together; `room` resolves when
 * less than half of what may wait is waiting.
 */
const outbox = (stream: ServerHttp2Stream) => {
  let frames: Buffer[] = [];
  let gathered = 0;
  let unsent = 0;
  let scheduled = false;
  let release: (() => void) | undefined;

  const written = (bytes: number): void => {
    unsent -= bytes;
    if (unsent > unsentBytesMax / 2) return;
    release?.();
    release = undefined;
  };
  const flush = (): void => {
    scheduled = false;
    const bytes = gathered;
    if (bytes === 0 || stream.destroyed || stream.writableEnded) return;
    stream.write(frames.length === 1 ? frames[0] : Buffer.concat(frames), () => written(bytes));
    frames = [];
    gathered = 0;
  };
  return {
    flush,
    push: (frame: Buffer): void => {
      frames.push(frame);
      gathered += frame.length;
      unsent += frame.length;
      if (gathered >= chunkBytes) return flush();
      if (scheduled) return;
      scheduled = true;
      process.nextTick(flush);
    },
    room: async (): Promise<void> => {
      if (unsent <= unsentBytesMax) return;
      await new Promise<void>((resolve) => {
        release = resolve;
      });
    },
    abandon: (): void => release?.(),
  };
};

const trailersOf = (failure: CallFailure | undefined): Record<string, string> => {
  if (failure === undefined) return { 'grpc-status': String(grpcStatus.ok) };
  return { 'grpc-status': String(failure.code), 'grpc-message': asciiOf(failure.message), ...failure.trailers };
};

/** A call that is refused before anything was read of it: headers and trailers in one. */
export const refuseCall = (stream: ServerHttp2Stream, failure: CallFailure): void => {
  const headers = { ':status': 200, 'content-type': 'application/grpc', ...trailersOf(failure) };
  stream.respond(headers, { endStream: true });
};

/**
 * Takes a call up. The response headers leave at once, for a client that waits for them before it acknowledges anything
 * stalls for 40 ms on each read otherwise (eventstoredb.md 4.4); errors therefore travel in the trailers.
 */
export const openCall = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Call => {
  const over = new AbortController();
  const box = outbox(stream);
  let trailers = trailersOf(undefined);

  stream.once('close', () => {
    over.abort();
    box.abandon();
  });
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.once('wantTrailers', () => {
    stream.sendTrailers(trailers);
    // Whoever still talks to a call that is over is told to stop, once the trailers are on their way.
    setImmediate(() => {
      if (!stream.readableEnded) stream.close(constants.NGHTTP2_NO_ERROR);
    });
  });

  return {
    path: String(headers[':path']),
    authority: headers[':authority'] ?? headers.host ?? '',
    // A call that goes wrong still has to say so: leaving the loop must not tear the stream down.
    messages: messagesIn(stream.iterator({ destroyOnReturn: false })),
    signal: over.signal,
    send: (message) => box.push(framed(message)),
    sendFrame: box.push,
    goOn: async () => {
      await nextTurn();
      if (!over.signal.aborted) await box.room();
      return !over.signal.aborted;
    },
    end: (failure) => {
      if (stream.destroyed || stream.writableEnded) return;
      box.flush();
      trailers = trailersOf(failure);
      stream.end();
    },
  };
};

/** The message of a call that has exactly one. */
export const onlyMessage = async (call: Call): Promise<Buffer> => {
  let only: Buffer | undefined;
  for await (const message of call.messages) {
    if (only !== undefined) throw invalid('one message was expected, and more came');
    only = message;
  }
  if (only === undefined) throw invalid('the call ended before it began');
  return only;
};
