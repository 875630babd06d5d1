import * as E from 'fp-ts/lib/Either.js';
import type { Recorded } from '../kernel/event.ts';
import type { CitedTurn, Origin, SessionEvent } from './session.events.ts';
import { historyTurnsMax } from './session.history.ts';

export type ForkRefusal =
  | { readonly reason: 'SessionUnknown' }
  | { readonly reason: 'TurnUnknown'; readonly turn_id: string }
  | { readonly reason: 'TurnNotCompleted'; readonly turn_id: string | null };

/** Where a session can be left, read event by event. */
export interface Trail {
  /** The turn after which to part; null for the newest that was completed. */
  readonly at_turn: string | null;
  readonly agent_id: string | null;
  /** The turns that were completed, those that the session inherited before its own; the newest ten. */
  readonly quotable: readonly CitedTurn[];
  /** The turn under way. */
  readonly began: CitedTurn | null;
  /** Whether the turn after which to part was ever received. */
  readonly seen: boolean;
  readonly point: ForkPoint | null;
}

/** Where two sessions part, what the new one may quote, and the event that it comes from. */
export interface ForkPoint {
  readonly origin: Origin;
  readonly inherited: readonly CitedTurn[];
  readonly event_id: string;
}

export const trailTo = (at_turn: string | null): Trail => ({
  at_turn,
  agent_id: null,
  quotable: [],
  began: null,
  seen: at_turn === null,
  point: null,
});

/** One event further along a session. */
export const followed = (trail: Trail, { id, revision, type, data }: Recorded<SessionEvent>): Trail => {
  switch (type) {
    case 'SessionOpened':
      return { ...trail, agent_id: data.agent_id, quotable: data.inherited };
    case 'TurnReceived': {
      const { session_id, turn_id } = data;
      return { ...trail, began: { session_id, turn_id, revision }, seen: trail.seen || turn_id === trail.at_turn };
    }
    case 'TurnCompleted': {
      const { began, at_turn, point } = trail;
      if (began === null) return trail;
      const quotable = [...trail.quotable, began].slice(-historyTurnsMax);
      const { session_id, turn_id } = data;
      if (at_turn !== null && at_turn !== turn_id) return { ...trail, quotable };
      const here = { origin: { session_id, turn_id, revision }, inherited: quotable, event_id: id };
      return { ...trail, quotable, point: at_turn === null ? here : (point ?? here) };
    }
    default:
      return trail;
  }
};

/** Where to part, and with which agent to go on; or why that cannot be. */
export const parting = ({
  at_turn,
  agent_id,
  seen,
  point,
}: Trail): E.Either<ForkRefusal, ForkPoint & { readonly agent_id: string }> => {
  if (agent_id === null) return E.left({ reason: 'SessionUnknown' });
  if (at_turn !== null && !seen) return E.left({ reason: 'TurnUnknown', turn_id: at_turn });
  if (point === null) return E.left({ reason: 'TurnNotCompleted', turn_id: at_turn });
  return E.right({ ...point, agent_id });
};
