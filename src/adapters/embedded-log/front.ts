import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import http2, {
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import net from 'node:net';
import { openCall, refuseCall, type Call } from './front/call.ts';
import { CallFailure, failureOf, grpcStatus, unimplemented } from './front/failure.ts';
import { healthServer } from './front/health.ts';
import {
  callsMax,
  closeMsMax,
  connectionMegabytesMax,
  connectionsMax,
  greetingMsMax,
  headerBytesMax,
  headersMax,
  windowBytes,
} from './front/limits.ts';
import { methodsOf, type Method } from './front/methods.ts';
import type { Storage } from './storage.ts';

export interface FrontOptions {
  /** Loopback where it is left out: the front asks nobody who they are. */
  readonly host?: string;
  /** 0 for any free port. */
  readonly port: number;
}

export interface Front {
  readonly port: number;
  readonly close: () => Promise<void>;
}

const loopback = '127.0.0.1';
/** How HTTP/2 with prior knowledge begins (RFC 9113, 3.4). */
const preface = 'PRI';

const perform = async (call: Call, method: Method, storage: Storage): Promise<void> => {
  try {
    await method(call, storage);
    call.end();
  } catch (error) {
    call.end(failureOf(error));
  }
};

const isGrpc = (headers: IncomingHttpHeaders): boolean =>
  headers[':method'] === 'POST' && (headers['content-type'] ?? '').startsWith('application/grpc');

/** Takes up calls and remembers those that are under way. */
const switchboard = (storage: Storage, methods: ReadonlyMap<string, Method>) => {
  const calls = new Set<Call>();
  return {
    calls,
    take: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void => {
      // A reset is the client's right, and what it had asked for ends with 'close'.
      stream.on('error', () => undefined);
      if (!isGrpc(headers)) return stream.respond({ ':status': 415 }, { endStream: true });
      const path = String(headers[':path']);
      const method = methods.get(path);
      if (method === undefined) return refuseCall(stream, unimplemented(path));
      const call = openCall(stream, headers);
      calls.add(call);
      call.signal.addEventListener('abort', () => calls.delete(call), { once: true });
      return void perform(call, method, storage);
    },
  };
};

const http2Server = (): Http2Server =>
  http2.createServer({
    maxHeaderListPairs: headersMax,
    maxSessionMemory: connectionMegabytesMax,
    settings: {
      maxConcurrentStreams: callsMax,
      maxHeaderListSize: headerBytesMax,
      initialWindowSize: windowBytes,
      enablePush: false,
    },
  });

/**
 * Tells which protocol a connection begins with. A 'request' listener on the HTTP/2 server would do for both, and would
 * cost every call its trailers (eventstoredb.md 4.5).
 */
const greet = (socket: net.Socket, introduce: (speaks: 'grpc' | 'http') => void): void => {
  const hangUp = (): void => void socket.destroy();
  socket.on('error', hangUp);
  socket.setTimeout(greetingMsMax, hangUp);
  socket.setNoDelay(true);
  let heard = Buffer.alloc(0);
  const listen = (): void => {
    const chunk = socket.read() as Buffer | null;
    if (chunk === null) return;
    heard = Buffer.concat([heard, chunk]);
    const start = heard.toString('latin1', 0, preface.length);
    if (start.length < preface.length && preface.startsWith(start)) return;
    // Put back once, when it is known for whom: what is put back is announced again, and would be for ever.
    socket.off('readable', listen);
    socket.unshift(heard);
    socket.setTimeout(0);
    socket.off('timeout', hangUp);
    introduce(start === preface ? 'grpc' : 'http');
  };
  socket.on('readable', listen);
};

/** Both servers behind one door. Connections end when their calls have, or with `closeMsMax`, or at once if they have none. */
const openDoor = (take: ReturnType<typeof switchboard>['take']) => {
  const sessions = new Set<ServerHttp2Session>();
  const [callers, others] = [new Set<net.Socket>(), new Set<net.Socket>()];
  const grpc = http2Server();
  const plain = healthServer();
  grpc.on('session', (session) => {
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
    session.on('error', () => session.destroy());
    session.setLocalWindowSize(windowBytes);
  });
  grpc.on('sessionError', () => undefined);
  grpc.on('stream', take);

  const door = net.createServer((socket) => {
    others.add(socket);
    socket.once('close', () => callers.delete(socket) || others.delete(socket));
    greet(socket, (speaks) => {
      if (speaks === 'http') return plain.emit('connection', socket);
      others.delete(socket);
      callers.add(socket);
      return grpc.emit('connection', socket);
    });
  });
  door.maxConnections = connectionsMax;
  return {
    door,
    close: async (): Promise<void> => {
      const closed = once(door, 'close');
      door.close();
      for (const session of sessions) session.close();
      for (const socket of others) socket.destroy();
      const impatience = setTimeout(() => {
        for (const socket of callers) socket.destroy();
      }, closeMsMax);
      await closed;
      clearTimeout(impatience);
    },
  };
};

/**
 * Speaks EventStoreDB's gRPC protocol for a store, in whichever thread the store lives: Streams, ServerFeatures and
 * Gossip, and `/health/live` over HTTP/1.1 on the same port. Resolves when it listens; `close` ends every call with
 * UNAVAILABLE, so that clients look for the log again.
 */
export const startFront = async (storage: Storage, { host = loopback, port }: FrontOptions): Promise<Front> => {
  let bound = { host, port };
  const { take, calls } = switchboard(
    storage,
    methodsOf(randomUUID(), () => bound),
  );
  const { door, close } = openDoor(take);
  door.listen(port, host);
  await once(door, 'listening');
  // A connection that cannot be accepted is its caller's misfortune.
  door.on('error', () => undefined);
  bound = { host, port: (door.address() as net.AddressInfo).port };
  return {
    port: bound.port,
    close: async () => {
      for (const call of calls) call.end(new CallFailure(grpcStatus.unavailable, 'the log is closing'));
      await close();
    },
  };
};
