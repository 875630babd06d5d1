import type { Piece } from '../../domain/kernel/operation.ts';
import { bell } from '../bell.ts';
import type { CommandContext } from '../context.ts';
import { problemOfTurn, turnEnd } from './turn-result.ts';

/**
 * A turn as it is spoken: `turn` with its ids, `snapshot` with what was said so far or anew, `delta`s, and at the end
 * `done` with the body of a plain answer, or `problem`, either under the position at which it can be read. Nobody listening any more ends the pieces, never the turn.
 */
export const pieces = async function* (
  { engine, spoken }: CommandContext,
  {
    session_id,
    turn_id,
    revision,
  }: { readonly session_id: string; readonly turn_id: string; readonly revision: number },
  signal: AbortSignal,
): AsyncGenerator<Piece> {
  const waiting: Piece[] = [];
  const news = bell();
  let ended = false;
  const silence = spoken.listen(turn_id, ({ is, text }) => {
    const last = waiting.at(-1);
    // Whoever reads slowly gets the same text in fewer pieces.
    if (is === 'delta' && last?.event === 'delta')
      waiting[waiting.length - 1] = { event: 'delta', data: { text: (last.data as { text: string }).text + text } };
    else waiting.push({ event: is, data: { text } });
    news.ring();
  });
  const end = turnEnd(engine, session_id, turn_id, revision, signal).finally(() => {
    ended = true;
    news.ring();
  });
  // The outcome is awaited below; a listener who left earlier must not leave an unheard rejection behind.
  end.catch(() => undefined);
  try {
    yield { event: 'turn', data: { session_id, turn_id } };
    while (!ended || waiting.length > 0) {
      for (let piece = waiting.shift(); piece !== undefined; piece = waiting.shift()) yield piece;
      if (!ended) await news.wait(60_000);
    }
    const { result, position } = await end;
    const failed = problemOfTurn(result);
    const id = String(position);
    yield failed === undefined ? { event: 'done', id, data: result } : { event: 'problem', id, data: failed };
  } finally {
    silence();
  }
};
