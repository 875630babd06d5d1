import { createHash } from 'node:crypto';

// What a server says is looked at member by member.
// oxlint-disable-next-line typescript/no-explicit-any
export type Json = any;

export interface Said {
  /** 0 where there was no answer: whether it was done nobody knows. */
  readonly status: number;
  readonly body: Json;
}

const answerMsMax = 5_000;

/** Asks the node, which may die meanwhile. */
export const asks = async (
  url: string,
  path: string,
  { method, body, headers = {} }: { method?: string; body?: unknown; headers?: Readonly<Record<string, string>> } = {},
): Promise<Said> => {
  try {
    const response = await fetch(url + path, {
      method: method ?? (body === undefined ? 'GET' : 'POST'),
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      signal: AbortSignal.timeout(answerMsMax),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: await response.json() };
  } catch {
    return { status: 0, body: undefined };
  }
};

/** All events of a stream; undefined where there was no answer. */
export const history = async (url: string, stream: string): Promise<readonly Json[] | undefined> => {
  const { status, body } = await asks(url, `/streams/${stream}/events?limit=1000`);
  return status === 200 ? body.data : status === 404 ? [] : undefined;
};

/** The same choice for the same name, whoever asks and whenever. */
export const chosen = <T>(name: string, among: readonly T[]): T => {
  const [first = 0] = createHash('sha256').update(name).digest();
  return among[first % among.length] as T;
};
