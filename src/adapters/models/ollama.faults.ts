import { z } from 'zod';
import { broken, refused, unreachable, type Asked } from './faults.ts';
import type { Failed } from './outcome.ts';

/** An error that the server reported: by a status, or in the middle of an answer, where it has none. */
class OllamaError extends Error {
  override readonly name = 'OllamaError';
  readonly status: number;
  readonly headers: Headers | undefined;
  constructor(status: number, reason: string, headers?: Headers) {
    super(reason);
    this.status = status;
    this.headers = headers;
  }
}

/** In an answer that has begun only the server itself can fail. */
export const refusedInStream = (reason: string): Error => new OllamaError(500, reason);

const body = z.object({ error: z.string() });

const reasonOf = (text: string): string => {
  try {
    return body.parse(JSON.parse(text)).error;
  } catch {
    return '';
  }
};

/** What an answer with an error status says. */
export const refusedAtOnce = async (response: Response): Promise<Error> =>
  new OllamaError(response.status, reasonOf(await response.text()), response.headers);

/** Maps whatever was thrown to the five faults of requirements D82. */
export const faultOf = (thrown: unknown, asked: Asked): Failed => {
  if (thrown instanceof OllamaError)
    return refused(asked, { status: thrown.status, headers: thrown.headers, reason: thrown.message });
  // What `fetch` throws when nobody listens.
  if (thrown instanceof TypeError && thrown.message === 'fetch failed') return unreachable(asked, thrown);
  return broken(thrown);
};
