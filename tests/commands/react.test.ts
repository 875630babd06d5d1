import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { aggregates } from '../../src/commands/aggregates.ts';
import { react } from '../../src/commands/react.ts';
import { AgentPaused, AgentStopped } from '../../src/domain/agent/agent.events.ts';
import { reaction, when, type Reaction } from '../../src/domain/kernel/reaction.ts';
import { cancelTurnsOfStoppedAgent } from '../../src/domain/reactions/cancel-turns-of-stopped-agent.reaction.ts';
import type { EventLog, StoredEvent } from '../../src/ports.ts';
import { quietJournal } from '../support/quiet.journal.ts';
import { engineOn, eventsIn, troubled, typesIn } from './engines.ts';
import { openLog } from './setting.ts';
import { meeting, say, toAgent, toSession } from './turns.ts';

const log = await openLog();
const reacting = (on: EventLog = log, reactions: readonly Reaction[] = [cancelTurnsOfStoppedAgent]) => {
  const journal = quietJournal();
  return { journal, handle: react(engineOn(on), aggregates, reactions, journal) };
};

/** An agent that was stopped while these many of its sessions were running; the event that says so. */
const stopped = async (count = 1) => {
  const engine = engineOn(log);
  const first = await meeting(engine);
  const others = await Promise.all(
    Array.from({ length: count - 1 }, async () => {
      const session_id = randomUUID();
      const { agent_id } = first;
      await toSession(engine, session_id, { type: 'OpenSession', session_id, agent_id, title: null });
      return { session_id, stream: `session-${session_id}` };
    }),
  );
  const sessions = [first, ...others];
  for (const { session_id } of sessions) await say(engine, session_id, 'hi');
  const running_session_ids = sessions.map(({ session_id }) => session_id);
  await toAgent(engine, first.agent_id, { type: 'StopAgent', reason: 'enough', running_session_ids });
  const event = (await eventsIn(log, `agent-${first.agent_id}`)).at(-1);
  return { event: event!, streams: sessions.map(({ stream }) => stream) };
};
const cancels = async (stream: string): Promise<readonly StoredEvent[]> =>
  (await eventsIn(log, stream)).filter(({ type }) => type === 'TurnCancelRequested');

describe('a reaction', () => {
  it('asks what the event asks for, in its own name and because of the event', async () => {
    const { event, streams } = await stopped(3);
    await reacting().handle(event);
    for (const stream of streams) {
      const [cancel, ...more] = await cancels(stream);
      expect(more).toEqual([]);
      expect(cancel?.data).toMatchObject({ reason: 'the agent was stopped' });
      expect(cancel?.metadata).toMatchObject({
        actor: 'reaction:cancel_turns_of_stopped_agent',
        $causationId: event.id,
        $correlationId: event.metadata['$correlationId'],
      });
    }
  });
  it('is done once although its event is handled again, by a new life or by another node (F29)', async () => {
    const { event, streams } = await stopped();
    const { handle } = reacting();
    await handle(event);
    await handle(event);
    await Promise.all([reacting().handle(event), reacting().handle(event)]);
    expect(await cancels(streams[0]!)).toHaveLength(1);
  });
  it('takes a refusal for an answer', async () => {
    const { event, streams } = await stopped(2);
    const engine = engineOn(log);
    const session_id = streams[0]!.slice('session-'.length);
    await toSession(engine, session_id, { type: 'CancelTurn', turn_id: null, reason: 'first' });
    await toSession(engine, session_id, {
      type: 'RecordPostTurn',
      turn_id: (await eventsIn(log, streams[0]!)).map(({ data }) => data as { turn_id: string })[1]!.turn_id,
      outcome: { ok: true, result: [], at: new Date().toISOString() },
    });
    const { handle, journal } = reacting();
    await handle(event);
    expect(journal.told).toContainEqual({
      level: 'info',
      event: 'reaction_refused',
      fields: expect.objectContaining({ stream: streams[0], refused: 'TurnNotRunning' }),
    });
    expect(await cancels(streams[1]!)).toHaveLength(1);
  });
  it('does not concern itself with other events', async () => {
    const { event } = await stopped();
    const { handle, journal } = reacting();
    await handle({ ...event, type: 'AgentRetired' });
    await handle({ ...event, type: 'constructor' });
    expect(journal.told).toEqual([]);
  });
  it('skips an event that it cannot read, and says so', async () => {
    const { event, streams } = await stopped();
    const { handle, journal } = reacting();
    await handle({ ...event, metadata: { ...event.metadata, version: '9' } });
    expect(journal.told).toMatchObject([{ level: 'error', event: 'reaction_skipped' }]);
    expect(await cancels(streams[0]!)).toEqual([]);
  });
});

describe('what a reaction cannot do now', () => {
  it('because the log is out of reach is done when the event is handled again', async () => {
    const { event, streams } = await stopped();
    const { trouble, log: shaky } = troubled(log);
    const { handle } = reacting(shaky);
    trouble.down = true;
    await expect(handle(event)).rejects.toMatchObject({ fault: 'unavailable' });
    trouble.down = false;
    await handle(event);
    expect(await cancels(streams[0]!)).toHaveLength(1);
  });
  it('because every race was lost is not given up', async () => {
    const { event, streams } = await stopped();
    const { trouble, log: busy } = troubled(log);
    const conflict = { ok: false, conflict: { stream: streams[0]!, expected: 1, actual: 2 } } as const;
    const { handle } = reacting({ ...busy, append: async () => conflict });
    await expect(handle(event)).rejects.toThrow('changed each time');
    expect(trouble.appends).toBe(0);
    await reacting().handle(event);
    expect(await cancels(streams[0]!)).toHaveLength(1);
  });
});

describe('what a reaction can never do', () => {
  it('keeps no other from being done: a stream that is deleted (F50)', async () => {
    const { event, streams } = await stopped(3);
    await log.tombstone(streams[1]!, 1);
    const { handle, journal } = reacting();
    await handle(event);
    expect(await cancels(streams[0]!)).toHaveLength(1);
    expect(await cancels(streams[2]!)).toHaveLength(1);
    expect(journal.told).toMatchObject([{ level: 'error', event: 'reaction_failed' }]);
  });
  it('keeps no other from being done: a bug of its own', async () => {
    const { event, streams } = await stopped();
    const broken = reaction(
      'broken',
      when(AgentStopped, () => {
        throw new Error('a bug');
      }),
    );
    const astray = reaction(
      'astray',
      when(AgentStopped, () => [{ stream: 'nobody-1', command: {} }]),
    );
    const { handle, journal } = reacting(log, [broken, astray, cancelTurnsOfStoppedAgent]);
    await handle(event);
    expect(await cancels(streams[0]!)).toHaveLength(1);
    expect(journal.told.map(({ event: told }) => told)).toEqual(['reaction_failed', 'reaction_failed']);
  });
  it('is told apart from what concerns others: each reaction has events of its own', async () => {
    const { event, streams } = await stopped();
    const other = reaction(
      'other',
      when(AgentPaused, () => [{ stream: streams[0]!, command: { type: 'CancelTurn', turn_id: null, reason: '' } }]),
    );
    await reacting(log, [other]).handle(event);
    expect(await typesIn(log, streams[0]!)).toEqual(['SessionOpened', 'TurnReceived']);
  });
});
