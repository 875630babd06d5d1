import { readdirSync, readFileSync } from 'node:fs';
import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { agent } from '../../src/domain/agent/agent.decider.ts';
import { catalogue } from '../../src/domain/catalogue.ts';
import { fold } from '../../src/domain/kernel/decider.ts';
import type { Event } from '../../src/domain/kernel/event.ts';
import { session } from '../../src/domain/session/session.decider.ts';

const folder = new URL('../golden/events/', import.meta.url);
const files = readdirSync(folder).map((file) => {
  const [, type = '', version = ''] = /^(\w+)\.v(\d+)\.json$/.exec(file) ?? [];
  return {
    file,
    type,
    version: Number(version),
    data: JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as unknown,
  };
});

const today = (type: string): Event => {
  const golden = files.findLast((file) => file.type === type);
  if (golden === undefined) throw new Error(`there is no golden ${type}`);
  const stored = {
    id: '00000000-0000-4000-8000-000000000000',
    type,
    stream: 'golden',
    revision: 0,
    position: 0n,
    recorded_at: '2026-11-21T12:00:00.000Z',
    data: golden.data,
    metadata: { version: String(golden.version) },
  };
  const read = catalogue.read(stored);
  if (E.isLeft(read)) throw new Error(JSON.stringify(read.left));
  return read.right;
};

describe.each(files)('the golden $file', ({ type, version, data }) => {
  const definition = catalogue.definitions.get(type);

  it('reads into the shape of today, and that is recorded under the version of today', () => {
    const event = today(type);
    expect(catalogue.versionOf(event)).toBe(definition?.version);
  });
  it('loses nothing on its way through JSON and back', () => {
    const read = definition?.read(version, data);
    if (read === undefined || E.isLeft(read)) throw new Error(`${type} cannot be read`);
    const again = definition?.read(definition.version, JSON.parse(JSON.stringify(read.right)));
    expect(again).toEqual(read);
    // Fields that came later have a preset; whatever was said stays as it was said.
    if (version === definition?.version) expect(read.right).toMatchObject(data as object);
  });
  it('is not read once a field that it needs is missing', () => {
    const [needed] = Object.keys(data as object);
    const { [needed ?? '']: _, ...rest } = data as Readonly<Record<string, unknown>>;
    expect(definition?.read(version, rest)).toMatchObject({ left: { reason: 'MalformedData', type, version } });
  });
});

describe('recorded histories', () => {
  it('of an agent fold into what was known', () => {
    const history = ['AgentRegistered', 'AgentPaused', 'AgentResumed', 'AgentRevised', 'AgentStopped', 'AgentRetired'];
    const state = fold(agent, agent.initial, history.map(today) as never);
    expect(state).toMatchObject({ phase: 'retired', profile: { name: 'Iris, front desk', max_tokens: 2_048 } });
    expect(state.profile?.context_tokens).toBe(8_000);
  });
  it('of a session fold into what was known', () => {
    const turn = [
      'TurnReceived',
      'ContextAssembled',
      'ModelCalled',
      'ModelRetryScheduled',
      'ModelCalled',
      'ModelReplied',
    ];
    const history = ['SessionOpened', ...turn, 'TurnAssessed', 'TurnCompleted', 'SessionClosed'];
    const state = fold(session, session.initial, history.map(today) as never);
    expect(state).toMatchObject({ phase: 'closed', turn: null, turns: 2 });
    expect(state.history).toMatchObject([{ reply: 'It leaves tomorrow and arrives on Friday.' }]);
  });
});
