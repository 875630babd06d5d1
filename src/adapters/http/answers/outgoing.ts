import type { Answer, Problem } from '../../../domain/kernel/operation.ts';
import { etagOf } from '../intake/conditions.ts';
import { jsonText } from './json.text.ts';
import type { KeptAnswer } from '../../../ports.ts';
import { documentOf, problemMedia, type Occasion } from './problem.document.ts';
import type { Route } from '../route.ts';

export const jsonMedia = 'application/json; charset=utf-8';

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
