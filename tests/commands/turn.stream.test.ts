import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { postgresRoster } from '../../src/adapters/postgres/roster.ts';
import { pieces } from '../../src/commands/sessions/turn-stream.ts';
import { problemOfTurn, turnEnd } from '../../src/commands/sessions/turn-result.ts';
import type { CommandContext } from '../../src/commands/context.ts';
import type { Piece } from '../../src/domain/kernel/operation.ts';
import type { Roster } from '../../src/ports.ts';
import { pglite, type FreshDatabase } from '../support/databases.ts';
import { engineOn } from './engines.ts';
import { eventually, recorded } from './drivers.ts';
import { openLog } from './setting.ts';
import { listened, meeting, say, scripted, slowModel, startTalking, toSession, type TalkingNode } from './turns.ts';

const log = await openLog();
let database: FreshDatabase;
let roster: Roster;
let node: TalkingNode;
beforeAll(async () => {
  database = await pglite.open();
  roster = postgresRoster(database.database.background);
});
afterAll(() => database.discard());
beforeEach(async () => {
  await sql`truncate acta.processes, acta.checkpoints`.execute(database.database.background);
  await roster.wake([], { name: 'processes', position: await log.head() });
});
afterEach(() => node.stop());

const never = new AbortController().signal;
const listening = async (text: string, signal: AbortSignal = never) => {
  const { session_id } = await meeting(node.engine);
  const turn_id = await say(node.engine, session_id, text);
  const context = { engine: node.engine, spoken: node.spoken } as unknown as CommandContext;
  return { session_id, turn_id, heard: pieces(context, { session_id, turn_id, revision: 1 }, signal) };
};
const allOf = async (heard: AsyncIterable<Piece>): Promise<readonly Piece[]> => {
  const all: Piece[] = [];
  for await (const piece of heard) all.push(piece);
  return all;
};
const textOf = (heard: readonly Piece[]): string =>
  heard.reduce((text, { event, data }) => {
    const piece = (data as { text?: string }).text ?? '';
    return event === 'snapshot' ? piece : event === 'delta' ? text + piece : text;
  }, '');

describe('a turn as it is spoken', () => {
  it('begins with its ids, says its text, and ends with the body of a plain answer', async () => {
    node = startTalking(log, roster, {
      model: scripted({ otherwise: { text: 'one two three four', chunks: 4, chunk_delay_ms: 2 } }),
    });
    const { session_id, turn_id, heard } = await listening('hi');
    const all = await allOf(heard);
    expect(all[0]).toEqual({ event: 'turn', data: { session_id, turn_id } });
    expect(textOf(all)).toBe('one two three four');
    expect(all.at(-1)).toMatchObject({
      event: 'done',
      data: {
        response: 'one two three four',
        status: 'completed',
        turn_id,
        model: { provider: 'scripted' },
        cost: { amount: '0.00' },
      },
    });
  });
  it('ends with a problem where it came to nothing', async () => {
    node = startTalking(log, roster, {
      model: scripted({ rules: [{ when: { contains: 'hi' }, fail: { fault: 'invalid_request', message: 'no' } }] }),
    });
    const { session_id, turn_id, heard } = await listening('hi');
    const all = await allOf(heard);
    expect(all.at(-1)).toMatchObject({
      event: 'problem',
      data: { status: 502, code: 'model_failed', more: { session_id, turn_id, fault: 'invalid_request' } },
    });
  });
  it('that is canceled is no problem: it says so', async () => {
    node = startTalking(log, roster, { model: slowModel() });
    const { session_id, turn_id, heard } = await listening('take your time');
    await recorded(log, `session-${session_id}`, 'ModelCalled');
    await toSession(node.engine, session_id, { type: 'CancelTurn', turn_id, reason: 'never mind' });
    const all = await allOf(heard);
    expect(all.at(-1)).toMatchObject({ event: 'done', data: { status: 'canceled', error: { message: 'never mind' } } });
  });
  it('may be left by its listener, and goes on without him', async () => {
    node = startTalking(log, roster, {
      model: scripted({ otherwise: { text: 'one two', chunks: 2, chunk_delay_ms: 5 } }),
    });
    const leaving = new AbortController();
    const { session_id, heard } = await listening('hi', leaving.signal);
    for await (const { event } of heard) if (event === 'turn') break;
    leaving.abort();
    await recorded(log, `session-${session_id}`, 'TurnCompleted');
  });
});

describe('whoever waits for a turn', () => {
  it('on another node than the one that drives it sees its end', async () => {
    node = startTalking(log, roster);
    const { session_id, turn_id } = await listening('hi');
    const { result } = await turnEnd(engineOn(log), session_id, turn_id, 1, never);
    expect(result).toMatchObject({ status: 'completed', response: 'hello', error: null });
    expect(problemOfTurn(result)).toBeUndefined();
  });
  it('no longer is told how far it got', async () => {
    const { requests, model } = listened(slowModel());
    node = startTalking(log, roster, { model });
    const leaving = new AbortController();
    const { session_id, turn_id } = await listening('take your time');
    const waiting = turnEnd(node.engine, session_id, turn_id, 1, leaving.signal);
    await eventually(() => expect(requests).toHaveLength(1));
    const listeners = node.engine.appended.size;
    leaving.abort();
    expect((await waiting).result).toMatchObject({ status: 'running', response: '' });
    expect(node.engine.appended.size).toBe(listeners - 1);
  });
});
