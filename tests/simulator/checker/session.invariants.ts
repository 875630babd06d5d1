import type { StoredEvent } from '../../../src/ports.ts';
import { nothing, type InvariantOf } from './history.ts';

const dataOf = ({ data }: StoredEvent): Readonly<Record<string, unknown>> => data as Readonly<Record<string, unknown>>;

const outcomes = new Set(['ModelReplied', 'ModelFailed', 'ModelRetryScheduled']);

/** I2, of model calls: one outcome for an intent, none without one, and no second intent while one is open. */
export const oneOutcome: InvariantOf = () => {
  const open = new Map<string, number>();
  return {
    id: 'I2',
    check: (event) => {
      const turn = String(dataOf(event)['turn_id']);
      const attempt = Number(dataOf(event)['attempt']);
      if (event.type === 'ModelCalled') {
        if (open.has(turn)) return `turn ${turn}: attempt ${attempt} begins before ${open.get(turn)} has ended`;
        open.set(turn, attempt);
      } else if (outcomes.has(event.type)) {
        if (open.get(turn) !== attempt) return `turn ${turn}: attempt ${attempt} ends, and none such is open`;
        open.delete(turn);
      } else if (event.type === 'TurnCancelRequested') open.delete(turn);
      return undefined;
    },
    atEnd: nothing,
  };
};

/** Every call of a model has its intent on record; nobody calls who knows that the call has ended, or that the turn has. */
export const noNeedlessCall: InvariantOf = () => ({
  id: 'I3',
  check: nothing,
  atEnd: ({ events, ledger, told }) => {
    const of = (turn: string, ...types: readonly string[]): readonly StoredEvent[] =>
      events.filter((event) => types.includes(event.type) && dataOf(event)['turn_id'] === turn);
    for (const { key, what, node, generation, bornAfter, after, moment } of ledger) {
      if (what !== 'model') continue;
      if (!of(key, 'ModelCalled').some(({ position }) => position <= after))
        return `turn ${key} was called without intent`;
      for (const { id, type, position } of of(key, 'ModelReplied', 'ModelFailed', 'TurnCancelRequested')) {
        // A turn whose tools have acted calls once more, and says so first.
        if (of(key, 'ModelCalled').some((call) => call.position > position && call.position <= after)) continue;
        if (position <= bornAfter)
          return `turn ${key}: ${node}.${generation} began after ${type}, and called the model`;
        // Who cancels a turn on a node need not be who drives it there: a call may be on its way.
        const knew = told.find(
          (each) =>
            type !== 'TurnCancelRequested' &&
            each.name === node &&
            each.generation === generation &&
            each.ids.includes(id),
        );
        if (knew !== undefined && knew.moment < moment)
          return `turn ${key}: ${node}.${generation} recorded ${type}, and called the model once more`;
      }
    }
    return undefined;
  },
});

const concluded = ['SessionReflected', 'ReflectionFailed', 'SessionClosed'];

/** A session reflects because it was asked to end, and nobody asks what it taught who knows the answer. */
export const noNeedlessReflection: InvariantOf = () => ({
  id: 'I3',
  check: nothing,
  atEnd: ({ events, ledger }) => {
    const sessionOf = new Map(
      events.flatMap((event) =>
        event.type === 'TurnReceived' ? [[dataOf(event)['turn_id'], dataOf(event)['session_id']] as const] : [],
      ),
    );
    for (const { key, what, node, generation, bornAfter, after } of ledger) {
      if (what !== 'reflection') continue;
      const session_id = sessionOf.get(key);
      const of = (...types: readonly string[]): readonly StoredEvent[] =>
        events.filter((event) => types.includes(event.type) && dataOf(event)['session_id'] === session_id);
      if (
        !of('SessionEndRequested').some(
          ({ position, data }) => position <= after && (data as { reflects: boolean }).reflects,
        )
      )
        return `the session of turn ${key} reflected, and was not asked to end`;
      const known = of(...concluded).find(({ position }) => position <= bornAfter);
      if (known !== undefined)
        return `${node}.${generation} began after ${known.type}, and asked again what was taught`;
    }
    return undefined;
  },
});

/** A turn that came after its agent was stopped or retired is not answered (decision 0011). */
export const stopHolds: InvariantOf = () => {
  const stopped = new Set<unknown>();
  const late = new Set<unknown>();
  return {
    id: 'stop',
    check: (event) => {
      const { agent_id, turn_id } = dataOf(event);
      if (event.type === 'AgentStopped' || event.type === 'AgentRetired') stopped.add(agent_id);
      if (event.type === 'TurnReceived' && stopped.has(agent_id)) late.add(turn_id);
      return event.type === 'ModelReplied' && late.has(turn_id)
        ? `turn ${String(turn_id)} came after its agent was stopped, and was answered`
        : undefined;
    },
    atEnd: nothing,
  };
};

const ends = new Set(['TurnCompleted', 'TurnFailed', 'TurnCanceled']);

/** L1: after healing every turn comes to its end. */
export const everyTurnEnds: InvariantOf = () => {
  const open = new Set<string>();
  return {
    id: 'L1',
    check: (event) => {
      const turn = String(dataOf(event)['turn_id']);
      if (event.type === 'TurnReceived') open.add(turn);
      if (ends.has(event.type)) open.delete(turn);
      return undefined;
    },
    pending: () => open.size,
    atEnd: () => (open.size === 0 ? undefined : `${open.size} turns have not ended: ${[...open].join(', ')}`),
  };
};
