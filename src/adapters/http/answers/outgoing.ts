import type { Answer, Problem } from '../../../domain/kernel/operation.ts';
import { etagOf } from '../intake/conditions.ts';
import { jsonText } from './json.text.ts';
import type { KeptAnswer } from '../../../ports.ts';
import { documentOf, problemMedia, type Occasion } from './problem.document.ts';
import type { Route } from '../route.ts';

export const jsonMedia = 'application/json; charset=utf-8';

/**
 * Bytes leave as what they are said to be, and are never run: a browser keeps them as a file (Repr-Digest: RFC 9530). Their
 * digest is their ETag, for what has another digest is another artifact.
 */
const headersOfContent = ({ media_type, sha256 }: NonNullable<Answer<unknown>['content']>): Record<string, string> => ({
  'Content-Type': media_type,
  'Content-Disposition': 'attachment',
  'Content-Security-Policy': "default-src 'none'; sandbox",
  'Repr-Digest': `sha-256=:${Buffer.from(sha256, 'hex').toString('base64')}:`,
  ETag: `"${sha256}"`,
});

/** An answer whose body is bytes is a question's, and kept for nobody. */
export type Outgoing = Omit<KeptAnswer, 'body'> & { readonly body: string | Buffer };

/** The answer to a question in the form in which it leaves. */
export const outgoingQuery = <Context>(route: Route<Context>, answer: Answer<unknown>, checked = false): Outgoing => {
  const { content, output, ...rest } = answer;
  if (content === undefined || !(output instanceof Uint8Array)) return outgoingOf(route, answer, checked);
  const { status, headers } = outgoingOf(route, { ...rest, output: null });
  return {
    status,
    headers: { ...headers, ...headersOfContent(content) },
    body: Buffer.from(output.buffer, output.byteOffset, output.byteLength),
  };
};

/** An answer in the form in which it leaves, and in which it is kept for whoever asks again with the same key. */
export const outgoingOf = <Context>(
  { operation: { text, sensitive, output } }: Route<Context>,
  answer: Answer<unknown>,
  checked = false,
): KeptAnswer => {
  const { status = 200, position, revision, location, projection } = answer;
  const headers: Record<string, string> = {
    'Content-Type': text ?? jsonMedia,
    'Cache-Control': sensitive === true ? 'no-store' : 'private, no-cache',
  };
  if (position !== undefined) headers['Acta-Position'] = String(position);
  if (revision !== undefined) headers['ETag'] = etagOf(revision);
  if (location !== undefined) headers['Location'] = location;
  if (projection !== undefined) headers['Acta-Projection'] = projection;
  const said = checked ? output.parse(answer.output) : answer.output;
  return { status, headers, body: typeof said === 'string' && text !== undefined ? said : jsonText(said ?? null) };
};

/** A refusal as it is kept. */
export const keptRefusal = (refusal: Problem, occasion: Occasion): KeptAnswer => ({
  status: refusal.status,
  headers: { 'Content-Type': problemMedia, 'Cache-Control': 'no-store' },
  body: documentOf(refusal, occasion),
});
