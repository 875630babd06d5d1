import type { CitedTurn } from './session.events.ts';

/** At most so many earlier turns can reach a model: 20 messages (requirements N150). */
export const historyTurnsMax = 10;

/** A turn that was answered, as later turns quote it. */
export interface Exchange {
  readonly turn_id: string;
  readonly text: string;
  readonly reply: string;
}

/** What a fork may still quote of its origin beside its own turns. */
export const quotableOf = ({
  inherited,
  history,
}: {
  readonly inherited: readonly CitedTurn[];
  readonly history: readonly Exchange[];
}): readonly CitedTurn[] => inherited.slice(Math.max(0, inherited.length + history.length - historyTurnsMax));
