import { Failure, ProblemDocument, exits, failureOf } from '../exits.ts';
import { serverEvents, type ServerEvent } from './server.events.ts';

export interface Asking {
  readonly method: string;
  /** Begins with a slash, without the query. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Ends this one request, beside the signal that ends all. */
  readonly signal?: AbortSignal;
}

export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  /** The parsed JSON; undefined where there was no body. */
  readonly body: unknown;
}

/** Talks to one server over HTTP. Throws a Failure for whatever is not the answer. */
export interface Client {
  readonly url: string;
  readonly ask: (asking: Asking) => Promise<Answered>;
  /** The events of a streamed answer, until the server ends it. Throws a lost connection as it came. */
  readonly listen: (asking: Asking) => Promise<AsyncIterable<ServerEvent>>;
}

export interface ClientOptions {
  readonly url: string;
  readonly key: string | undefined;
  readonly version: string;
  readonly timeout_ms: number;
  /** Aborted by the caller's Ctrl-C. */
  readonly signal: AbortSignal;
}

const bodyCharsMax = 256 * 1024 * 1024;
const shownCharsMax = 200;

/** Why a fetch failed: the code of what lies at the bottom of it, or its words. */
const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  if (error.cause instanceof Error) return reasonOf(error.cause);
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
};

/** What a failed fetch means: the caller left, the time was up, or nobody is there. */
const failureOfFetch = (error: unknown, { url, signal, timeout_ms }: ClientOptions): Failure => {
  if (signal.aborted || (error instanceof Error && error.name === 'AbortError'))
    return new Failure(exits.interrupted, 'interrupted');
  if (error instanceof Error && error.name === 'TimeoutError')
    return new Failure(exits.timeout, `no answer from ${url} within ${timeout_ms / 1000} s`, {
      hint: 'a command may still have been done; wait longer with --timeout <seconds>',
    });
  return new Failure(exits.unreachable, `no server answers at ${url} (${reasonOf(error)})`, {
    hint: 'start one with: acta serve, or say where it is with --url or ACTA_URL',
  });
};

const parsed = (text: string, status: number, url: string): unknown => {
  if (text === '') return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new Failure(
      exits.failed,
      `${url} answered ${status} and no JSON; is it Acta? ${text.slice(0, shownCharsMax)}`,
    );
  }
};

const problemIn = (body: unknown, status: number): ProblemDocument => {
  const read = ProblemDocument.safeParse(body);
  return read.success ? read.data : { status, code: 'unknown', title: `The server answered ${status}` };
};

export const client = (options: ClientOptions): Client => {
  const { url, key, version, timeout_ms, signal } = options;
  const send = async (
    { method, path, query = {}, body, headers = {}, signal: own }: Asking,
    limit: AbortSignal,
  ): Promise<Response> => {
    const address = new URL(url.replace(/\/+$/, '') + path);
    for (const [name, value] of Object.entries(query)) address.searchParams.append(name, value);
    return fetch(address, {
      method,
      signal: AbortSignal.any([signal, limit, ...(own === undefined ? [] : [own])]),
      redirect: 'error',
      headers: {
        Accept: 'application/json',
        'User-Agent': `acta-cli/${version}`,
        ...(key === undefined ? {} : { Authorization: `Bearer ${key}` }),
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  };
  const whole = async (response: Response): Promise<Answered> => {
    const text = await response.text();
    if (text.length > bodyCharsMax)
      throw new Failure(exits.failed, `the answer is longer than ${bodyCharsMax} characters`);
    const body = parsed(text, response.status, url);
    if (!response.ok) throw failureOf(problemIn(body, response.status));
    return { status: response.status, headers: response.headers, body };
  };
  return {
    url,
    ask: async (asking) => {
      try {
        return await whole(await send(asking, AbortSignal.timeout(timeout_ms)));
      } catch (error) {
        throw error instanceof Failure ? error : failureOfFetch(error, options);
      }
    },
    listen: async (asking) => {
      // The time is for the answer to begin, not for how long it lasts.
      const beginning = new AbortController();
      const timer = setTimeout(() => beginning.abort(new DOMException('late', 'TimeoutError')), timeout_ms);
      try {
        const accept = { Accept: 'text/event-stream', ...asking.headers };
        const response = await send({ ...asking, headers: accept }, beginning.signal);
        if (!response.ok || response.body === null)
          throw failureOf(problemIn((await whole(response)).body, response.status));
        return serverEvents(response.body);
      } catch (error) {
        throw error instanceof Failure ? error : failureOfFetch(error, options);
      } finally {
        clearTimeout(timer);
      }
    },
  };
};
