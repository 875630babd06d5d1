import type { Socket } from 'node:net';
import { STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Problem } from '../../../domain/kernel/operation.ts';
import { problem } from '../../../problems.ts';
import { documentOf, problemMedia } from '../answers/problem.document.ts';

const problemOf = (code: string | undefined, headerBytesMax: number): Problem => {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return problem('headers_too_large', `address and headers hold at most ${headerBytesMax} bytes`);
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return problem('request_timeout', 'the request did not arrive whole in time');
    default:
      // The parser's own words are constants; what it read is not repeated.
      return problem('malformed_request', `this is not HTTP: ${code ?? 'unreadable'}`);
  }
};

interface ParserError extends Error {
  readonly code?: string;
}

/** Node keeps the response under way on its socket; writing into the middle of one would be worse than silence. */
const isMidAnswer = (socket: Socket & { readonly _httpMessage?: ServerResponse | null }): boolean =>
  socket._httpMessage?.headersSent === true;

const lingerMsMax = 1_000;

interface BrokenOptions {
  readonly id: () => string;
  readonly headerBytesMax: number;
}

/**
 * Answers what the HTTP parser could not read, or what did not come in time, as a problem like any other; the framework
 * never sees such a request. The connection is closed: nobody knows where the next request would begin.
 */
export const answerBroken =
  ({ id, headerBytesMax }: BrokenOptions) =>
  (error: ParserError, socket: Socket): void => {
    if (error.code === 'ECONNRESET' || !socket.writable || isMidAnswer(socket)) return void socket.destroy();
    const refusal = problemOf(error.code, headerBytesMax);
    const request_id = id();
    const body = documentOf(refusal, { instance: '/', request_id });
    socket.end(
      [
        `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status] ?? ''}`,
        `Content-Type: ${problemMedia}`,
        `Content-Length: ${Buffer.byteLength(body)}`,
        `Request-Id: ${request_id}`,
        `X-Request-ID: ${request_id}`,
        'Connection: close',
        '',
        body,
      ].join('\r\n'),
    );
    // Whoever sends nonsense may also never read: the socket does not wait for it.
    setTimeout(() => socket.destroy(), lingerMsMax).unref();
    return undefined;
  };

/** Refuses an `Expect` that is not `100-continue`; Node asks before the framework sees the request. */
export const refuseExpectation =
  ({ id }: BrokenOptions) =>
  ({ url = '/' }: IncomingMessage, response: ServerResponse): void => {
    const refusal = problem('expectation_failed', 'the only expectation that can be met is 100-continue');
    const request_id = id();
    const body = documentOf(refusal, { instance: url.split('?')[0] ?? '/', request_id });
    response
      .writeHead(refusal.status, {
        'Content-Type': problemMedia,
        'Content-Length': Buffer.byteLength(body),
        'Request-Id': request_id,
        'X-Request-ID': request_id,
        Connection: 'close',
      })
      .end(body);
  };
