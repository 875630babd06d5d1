import * as E from 'fp-ts/lib/Either.js';
import { streamOf } from '../../domain/kernel/ids.ts';
import type { CitedTurn, SessionEvent } from '../../domain/session/session.events.ts';
import type { Exchange } from '../../domain/session/session.history.ts';
import { evolveSession, unopened } from '../../domain/session/session.state.ts';
import { LogError } from '../../ports.ts';
import type { Engine } from '../execute.ts';

/** The exchanges of one stream that are cited, read from the first of them on, until all were found. */
const saidIn = async (
  { log, catalogue }: Pick<Engine, 'log' | 'catalogue'>,
  stream: string,
  cited: readonly CitedTurn[],
): Promise<readonly Exchange[]> => {
  const wanted = new Set(cited.map(({ turn_id }) => turn_id));
  const from = Math.min(...cited.map(({ revision }) => revision));
  const found = new Map<string, Exchange>();
  let state = unopened;
  for await (const page of log.read(stream, { from }))
    for (const stored of page) {
      const read = catalogue.read(stored);
      if (E.isLeft(read)) continue;
      state = evolveSession(state, read.right as unknown as SessionEvent);
      const exchange = state.history.at(-1);
      if (exchange !== undefined && wanted.has(exchange.turn_id)) found.set(exchange.turn_id, exchange);
      if (found.size === wanted.size) return [...found.values()];
    }
  return [...found.values()];
};

/**
 * What was said in the turns that a fork inherited, oldest first, read where it was said: a fork holds no copy. What is not
 * there any more is not quoted.
 */
export const inheritedExchanges = async (
  engine: Pick<Engine, 'log' | 'catalogue'>,
  cited: readonly CitedTurn[],
): Promise<readonly Exchange[]> => {
  const streams = [...Map.groupBy(cited, ({ session_id }) => streamOf('session', session_id))];
  const said = await Promise.all(
    streams.map(async ([stream, turns]) => {
      try {
        return await saidIn(engine, stream, turns);
      } catch (error) {
        if (error instanceof LogError && error.fault === 'stream_deleted') return [];
        throw error;
      }
    }),
  );
  const byTurn = new Map(said.flat().map((exchange) => [exchange.turn_id, exchange]));
  return cited.flatMap(({ turn_id }) => byTurn.get(turn_id) ?? []);
};
