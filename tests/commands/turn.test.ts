import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { postgresRoster } from '../../src/adapters/postgres/roster.ts';
import { replyBytesMax } from '../../src/commands/sessions/perform-model-call.ts';
import type { ContextPlan } from '../../src/domain/session/plan.ts';
import type { Memory } from '../../src/ports.memory.ts';
import { LogError, type EventLog, type Model, type ReplyBlock, type Roster } from '../../src/ports.ts';
import { pglite, type FreshDatabase } from '../support/databases.ts';
import { noMemory } from '../support/no.memory.ts';
import { derived } from '../../src/domain/kernel/ids.ts';
import { eventually, recorded } from './drivers.ts';
import { engineOn, eventsIn, troubled, typesIn } from './engines.ts';
import { openLog } from './setting.ts';
import {
  listened,
  meeting,
  say,
  scripted,
  slowModel,
  startTalking,
  toAgent,
  toSession,
  type TalkingNode,
} from './turns.ts';

const log = await openLog();

let database: FreshDatabase;
let roster: Roster;
let node: TalkingNode | undefined;
beforeAll(async () => {
  database = await pglite.open();
  roster = postgresRoster(database.database.background);
});
afterAll(() => database.discard());
beforeEach(async () => {
  await sql`truncate acta.processes, acta.checkpoints`.execute(database.database.background);
  await roster.wake([], { name: 'processes', position: await log.head() });
});
afterEach(() => node?.stop());

const talking = (options: Parameters<typeof startTalking>[2] = {}, on: EventLog = log): TalkingNode => {
  node = startTalking(on, roster, options);
  return node;
};
const last = async (stream: string, type: string) =>
  (await eventsIn(log, stream)).findLast((event) => event.type === type)?.data as Readonly<Record<string, unknown>>;

const whole = [
  'SessionOpened',
  'TurnReceived',
  'ContextAssembled',
  'ModelCalled',
  'ModelReplied',
  'TurnAssessed',
  'TurnCompleted',
];

describe('a turn', () => {
  it('is answered, in three appends of its process and two of what the agent keeps of it', async () => {
    const { trouble, log: counted } = troubled(log);
    const { engine } = talking({}, counted);
    const { session_id, stream } = await meeting(engine);
    const before = trouble.appends;
    await say(engine, session_id, 'hi');
    expect(await recorded(log, stream, 'TurnCompleted')).toEqual(whole);
    // An episode begins with the session's first turn, and working memory is set on each.
    expect(trouble.appends - before).toBe(1 + 3 + 2);
    expect(await last(stream, 'ModelReplied')).toMatchObject({ text: 'hello', attempt: 1, is_language_model: false });
  });
  it('quotes what was said before, and records only which turns those were', async () => {
    const { requests, model } = listened(scripted({}));
    const { engine } = talking({ model });
    const { session_id, stream } = await meeting(engine);
    const first = await say(engine, session_id, 'hi');
    await recorded(log, stream, 'TurnCompleted');
    await eventually(() => say(engine, session_id, 'and then?'));
    await eventually(async () =>
      expect((await typesIn(log, stream)).filter((type) => type === 'TurnCompleted')).toHaveLength(2),
    );
    expect(requests[1]).toMatchObject({
      system: expect.stringMatching(/^You are Iris\.\n\n## How to think about this\n/) as string,
      messages: [
        { role: 'user', content: 'hi' },
        { role: 'assistant', content: 'hello' },
        { role: 'user', content: 'and then?' },
      ],
    });
    const { plan } = (await last(stream, 'ContextAssembled')) as { plan: { sections: { turn_ids: string[] }[] } };
    expect(plan.sections.flatMap(({ turn_ids }) => turn_ids)).toEqual([first]);
  });
  it('is tried again where its model failed for a while, and each attempt is on record', async () => {
    const fail = { fault: 'provider_error', message: 'overloaded', times: 2, retry_after_ms: 1 };
    const { engine } = talking({
      model: scripted({
        otherwise: { text: 'hello' },
        rules: [{ when: { contains: 'hi' }, fail, reply: { text: 'hello' } }],
      }),
    });
    const { session_id, stream } = await meeting(engine);
    await say(engine, session_id, 'hi');
    const types = await recorded(log, stream, 'TurnCompleted');
    expect(types.filter((type) => type.startsWith('Model'))).toEqual([
      'ModelCalled',
      'ModelRetryScheduled',
      'ModelCalled',
      'ModelRetryScheduled',
      'ModelCalled',
      'ModelReplied',
    ]);
    expect(await last(stream, 'TurnAssessed')).toMatchObject({ outcome: 'success', signals: { attempts: 3 } });
  });
  it('fails where its agent rests, and no model is asked', async () => {
    const { requests, model } = listened(scripted({}));
    const { engine } = talking({ model });
    const { agent_id, session_id, stream } = await meeting(engine);
    await toAgent(engine, agent_id, { type: 'PauseAgent', reason: '' });
    await say(engine, session_id, 'hi');
    await recorded(log, stream, 'TurnFailed');
    expect(await last(stream, 'TurnFailed')).toMatchObject({ fault: 'agent_paused' });
    expect(requests).toEqual([]);
  });
  it('fails where its message and its agent alone are too large for the context', async () => {
    const { engine } = talking();
    const { session_id, stream } = await meeting(engine, { context_tokens: 500 });
    await say(engine, session_id, 'x'.repeat(4 * 500));
    await recorded(log, stream, 'TurnFailed');
    expect(await last(stream, 'TurnFailed')).toMatchObject({ fault: 'context_too_large' });
  });
  it('is answered also where memory is out of reach, and says that it was', async () => {
    const broken: Memory = { ...noMemory, recall: () => Promise.reject(new Error('no read models')) };
    const { engine } = talking({ memory: broken });
    const { session_id, stream } = await meeting(engine);
    await say(engine, session_id, 'why is that so?');
    await recorded(log, stream, 'TurnCompleted');
    const { plan } = (await last(stream, 'ContextAssembled')) as { readonly plan: ContextPlan };
    expect(plan.stages.filter(({ ok }) => !ok)).toEqual([{ name: 'recall', ok: false, message: 'no read models' }]);
    expect(plan).toMatchObject({ frame: { frame_id: 'question' }, position: null });
    expect(await last(stream, 'TurnAssessed')).toMatchObject({
      stages: [
        { name: 'learn', ok: true, message: null },
        { name: 'finalize', ok: true, message: null },
        { name: 'episode', ok: true, message: null },
      ],
    });
  });
  it('is refused where nobody can look at the censors of its agent, and no model hears of it', async () => {
    const blind: Memory = { ...noMemory, censors: () => Promise.reject(new Error('no read models')) };
    const { requests, model } = listened(scripted({}));
    const { engine } = talking({ memory: blind, model });
    const { session_id, stream } = await meeting(engine);
    await say(engine, session_id, 'why is that so?');
    await recorded(log, stream, 'TurnFailed');
    expect(await last(stream, 'TurnFailed')).toMatchObject({ fault: 'censors_unavailable' });
    expect(requests).toEqual([]);
  });
  it('goes on once the censors of its agent can be looked at again', async () => {
    let failures = 2;
    const back: Memory = {
      ...noMemory,
      censors: () => (failures-- > 0 ? Promise.reject(new Error('no read models')) : Promise.resolve([])),
    };
    const { engine } = talking({ memory: back });
    const { session_id, stream } = await meeting(engine);
    await say(engine, session_id, 'why is that so?');
    await recorded(log, stream, 'TurnCompleted');
  });
  it('ends whatever a provider calls the calls of its tools', async () => {
    const about = {
      ...{ provider: 'strange', is_language_model: true, model: 'strange', stop_reason: 'tool_use' as const },
      usage: { input_tokens: 1, output_tokens: 1, cache_read_tokens: 0, cache_write_tokens: 0 },
      ...{ cost_micros: null, latency_ms: 1 },
    };
    const strange = ['i\u0000\uD800', 'i\uD800', 'i\u0000', '', ' ', 'x'.repeat(5_000)];
    const reply = (blocks: readonly ReplyBlock[]) => ({ ok: true, reply: { ...about, blocks } }) as const;
    const model: Model = {
      ...scripted({}),
      complete: ({ messages }) =>
        Promise.resolve(
          messages.length > 1
            ? reply([{ type: 'text', text: 'I looked.' }])
            : reply(strange.map((id) => ({ type: 'tool_use', id, name: 'recall', input: { query: 'x' } }))),
        ),
    };
    const { engine } = talking({ model });
    const { session_id, stream } = await meeting(engine, { capabilities: ['recall'] as never });
    await say(engine, session_id, 'hello');
    await recorded(log, stream, 'TurnCompleted');
    const ends = (await eventsIn(log, stream)).filter(({ type }) => type === 'ToolCallEnded');
    expect(ends).toHaveLength(strange.length);
  });
  it('waits, shortly, for what was remembered through its node a moment ago, and for nothing else', async () => {
    const asked: (bigint | undefined)[] = [];
    const memory: Memory = {
      ...noMemory,
      recall: (query, signal) => {
        asked.push(query.at_least);
        return noMemory.recall(query, signal);
      },
    };
    const { engine } = talking({ memory });
    const { session_id, stream } = await meeting(engine);
    await say(engine, session_id, 'why is that so?');
    await recorded(log, stream, 'TurnCompleted');
    const [episode] = await eventsIn(log, `episode-${derived('episode', session_id)}`);
    await eventually(() => say(engine, session_id, 'and why that?'));
    await eventually(async () =>
      expect((await typesIn(log, stream)).filter((type) => type === 'TurnCompleted')).toHaveLength(2),
    );
    expect(asked).toEqual([undefined, episode?.position]);
  });
  it('survives a log that is out of reach while its context is laid out (F21)', async () => {
    const { requests, model } = listened(scripted({}));
    let failures = 0;
    let trouble = false;
    const shaky: EventLog = {
      ...log,
      read: async function* (stream, options) {
        if (trouble && stream.startsWith('agent-') && failures < 3) {
          failures += 1;
          throw new LogError('unavailable', 'the connection was reset');
        }
        yield* log.read(stream, options);
      },
    };
    const { engine } = talking({ model }, shaky);
    const { session_id, stream } = await meeting(engine);
    trouble = true;
    await say(engine, session_id, 'hi');
    expect(await recorded(log, stream, 'TurnCompleted')).toEqual(whole);
    expect(failures).toBe(3);
    expect(requests).toHaveLength(1);
  });
});

describe('an answer', () => {
  it.each([
    ['is long', 'ÄÖ '.repeat(20_000), replyBytesMax],
    ['is written in large letters', '👩‍🚀'.repeat(8_000), replyBytesMax],
    ['is made of what JSON writes at length', '\u0001'.repeat(60_000), replyBytesMax / 2],
  ])('that %s is cut to what an event holds, and marked as cut', async (_, text, bytesMax) => {
    const { engine } = talking({ model: scripted({ otherwise: { text } }) });
    const { session_id, stream } = await meeting(engine, { max_tokens: 64_000, context_tokens: 200_000 });
    await say(engine, session_id, 'hi');
    await recorded(log, stream, 'TurnCompleted');
    const reply = (await last(stream, 'ModelReplied')) as { text: string; truncated: boolean };
    expect(reply.truncated).toBe(true);
    expect(text.startsWith(reply.text)).toBe(true);
    expect(Buffer.byteLength(reply.text)).toBeLessThanOrEqual(bytesMax);
    expect(Buffer.byteLength(reply.text)).toBeGreaterThan(bytesMax / 2);
    expect(reply.text.isWellFormed()).toBe(true);
  });
  it('is heard piece by piece, and forgotten when the turn has ended', async () => {
    const { engine, spoken } = talking({
      model: scripted({ otherwise: { text: 'one two three', chunks: 3, chunk_delay_ms: 1 } }),
    });
    const { session_id, stream } = await meeting(engine);
    const turn_id = await say(engine, session_id, 'hi');
    let heard = '';
    spoken.listen(turn_id, ({ is, text }) => {
      heard = is === 'snapshot' ? text : heard + text;
    });
    await recorded(log, stream, 'TurnCompleted');
    expect(heard).toBe('one two three');
    const late: string[] = [];
    spoken.listen(turn_id, ({ text }) => void late.push(text));
    expect(late).toEqual([]);
  });
});

describe('a turn that is dropped', () => {
  it('because its agent is stopped ends at once, and its model is told', async () => {
    const aborted: string[] = [];
    const model = slowModel();
    let calls = 0;
    const told: Model = {
      ...model,
      complete: (request, options) => {
        calls += 1;
        options.signal.addEventListener('abort', () => void aborted.push('aborted'));
        return model.complete(request, options);
      },
    };
    const { engine, driver } = talking({ model: told });
    const { agent_id, session_id, stream } = await meeting(engine);
    await say(engine, session_id, 'take your time');
    await eventually(() => expect(calls).toBe(1));
    await toAgent(engine, agent_id, { type: 'StopAgent', reason: 'enough', running_session_ids: [session_id] });
    const types = await recorded(log, stream, 'TurnCanceled');
    expect(types.slice(4)).toEqual(['TurnCancelRequested', 'TurnAssessed', 'TurnCanceled']);
    expect(await last(stream, 'TurnCanceled')).toMatchObject({ reason: 'the agent was stopped' });
    expect(aborted).toEqual(['aborted']);
    await eventually(() => expect(driver.running()).toBe(0));
  });
  it.each([
    ['stopped', { type: 'StopAgent', reason: 'enough', running_session_ids: [] }],
    ['retired', { type: 'RetireAgent', reason: 'old' }],
  ] as const)('because its agent is %s ends also where nobody knew that it ran', async (how, ends) => {
    for (const where of ['here', 'elsewhere']) {
      const { requests, model } = listened(slowModel());
      const { engine, driver, stop } = talking({ model });
      const { agent_id, session_id, stream } = await meeting(engine);
      await say(engine, session_id, 'take your time');
      await eventually(() => expect(requests).toHaveLength(1));
      await toAgent(where === 'here' ? engine : engineOn(log), agent_id, ends);
      await recorded(log, stream, 'TurnCanceled');
      expect(await last(stream, 'TurnCanceled')).toMatchObject({ reason: `the agent was ${how}` });
      await eventually(() => expect(driver.running()).toBe(0));
      expect(requests).toHaveLength(1);
      await stop();
    }
  });
  it('because its agent is stopped while it waits to try again makes no other attempt', async () => {
    const fail = { fault: 'provider_error', message: 'overloaded', times: 3, retry_after_ms: 300 };
    const rules = [{ when: { contains: 'hi' }, fail, reply: { text: 'hello' } }];
    const { requests, model } = listened(scripted({ rules }));
    const { engine } = talking({ model });
    const { agent_id, session_id, stream } = await meeting(engine);
    await say(engine, session_id, 'hi');
    await recorded(log, stream, 'ModelRetryScheduled');
    await toAgent(engine, agent_id, { type: 'StopAgent', reason: 'enough', running_session_ids: [] });
    await recorded(log, stream, 'TurnCanceled');
    expect(requests).toHaveLength(1);
  });
  it('because its agent was stopped before its context was laid out calls no model', async () => {
    const { requests, model } = listened(scripted({}));
    const { engine } = talking({ model });
    const { agent_id, session_id, stream } = await meeting(engine);
    await toAgent(engine, agent_id, { type: 'StopAgent', reason: 'enough', running_session_ids: [] });
    await say(engine, session_id, 'hi');
    const types = await recorded(log, stream, 'TurnCanceled');
    expect(types).toEqual(['SessionOpened', 'TurnReceived', 'TurnCancelRequested', 'TurnAssessed', 'TurnCanceled']);
    expect(requests).toEqual([]);
  });
  it('because its agent is stopped while its answer is on the way is not answered', async () => {
    const model = scripted({});
    let stop = async (): Promise<unknown> => undefined;
    const late: Model = {
      ...model,
      complete: async (request, options) => {
        const outcome = await model.complete(request, { ...options, signal: new AbortController().signal });
        await stop();
        return outcome;
      },
    };
    const { engine } = talking({ model: late });
    const { agent_id, session_id, stream } = await meeting(engine);
    const enough = { type: 'StopAgent', reason: 'enough', running_session_ids: [] } as const;
    stop = () => toAgent(engineOn(log), agent_id, enough);
    await say(engine, session_id, 'hi');
    expect(await recorded(log, stream, 'TurnCanceled')).not.toContain('ModelReplied');
  });
  it('by a caller of another node ends at once', async () => {
    const { engine, driver, spoken } = talking({ model: slowModel() });
    const { session_id, stream } = await meeting(engine);
    const turn_id = await say(engine, session_id, 'take your time');
    await recorded(log, stream, 'ModelCalled');
    await toSession(engineOn(log), session_id, { type: 'CancelTurn', turn_id, reason: 'never mind' });
    await recorded(log, stream, 'TurnCanceled');
    await eventually(() => expect(driver.running()).toBe(0));
    const late: string[] = [];
    spoken.listen(turn_id, ({ text }) => void late.push(text));
    expect(late).toEqual([]);
  });
});
