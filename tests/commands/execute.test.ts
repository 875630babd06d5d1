import { randomUUID } from 'node:crypto';
import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { commit, execute, type Engine } from '../../src/commands/execute.ts';
import { memory, recall } from '../../src/commands/recall.ts';
import { chainStart, linkOf, type Provenance } from '../../src/commands/record.ts';
import type { AgentCommand } from '../../src/domain/agent/agent.commands.ts';
import { agent } from '../../src/domain/agent/agent.decider.ts';
import { catalogue } from '../../src/domain/catalogue.ts';
import { key } from '../../src/domain/key/key.decider.ts';
import { session } from '../../src/domain/session/session.decider.ts';
import { eventBytesMax, LogError, type EventLog, type NewEvent } from '../../src/ports.ts';
import { engineOn, eventsIn, provenance, troubled, typesIn } from './engines.ts';
import { openLog } from './setting.ts';

const log = await openLog();
const profile = {
  name: 'Iris',
  description: '',
  identity_prompt: '',
  model: null,
  max_tokens: 1_024,
  context_tokens: 8_000,
  capabilities: [],
  scope: 'development',
};

const asked = async (
  engine: Engine,
  stream: string,
  command: AgentCommand,
  by: Provenance = provenance(),
  if_match?: number,
) => {
  const outcome = await execute(engine, agent, stream, command, by, { if_match });
  if (E.isLeft(outcome)) throw new Error(JSON.stringify(outcome.left));
  return outcome.right;
};
const registered = async (
  engine: Engine = engineOn(log),
  tenant = 'default',
): Promise<{ engine: Engine; stream: string }> => {
  const agent_id = randomUUID();
  const stream = `agent-${agent_id}`;
  await asked(engine, stream, { type: 'RegisterAgent', agent_id, profile }, provenance(randomUUID(), { tenant }));
  return { engine, stream };
};
const rename = (name: string): AgentCommand => ({ type: 'ReviseAgent', changes: { name } });
const raw = (type: string, data: unknown, metadata: Readonly<Record<string, string>> = {}): NewEvent => ({
  id: randomUUID(),
  type,
  data,
  metadata,
});

describe('a command', () => {
  it('is recorded with where it comes from, and answered with what is known then', async () => {
    const { engine, stream } = await registered(engineOn(log), 'acme');
    const by = provenance(randomUUID(), { causation_id: randomUUID(), traceparent: '00-ab-cd-01', tenant: 'acme' });
    const receipt = await asked(engine, stream, rename('Front desk'), by);
    const [, event] = await eventsIn(log, stream);
    expect(receipt).toMatchObject({ stream, revision: 1, position: event?.position, again: false });
    expect(receipt.state.profile?.name).toBe('Front desk');
    expect(event).toMatchObject({
      type: 'AgentRevised',
      metadata: {
        actor: 'user:test',
        tenant: 'acme',
        command_id: by.command_id,
        version: '1',
        $correlationId: by.correlation_id,
        $causationId: by.causation_id,
        traceparent: by.traceparent,
      },
    });
  });
  it('of another tenant finds nothing there, and records nothing', async () => {
    const { engine, stream } = await registered(engineOn(log), 'acme');
    const outcome = await execute(engine, agent, stream, rename('Ours now'), provenance());
    expect(outcome).toEqual(E.left({ reason: 'NotTheirs', stream }));
    expect(await eventsIn(log, stream)).toHaveLength(1);
  });
  it('that changes nothing records nothing, and says where the stream stands', async () => {
    const { engine, stream } = await registered();
    const receipt = await asked(engine, stream, rename('Iris'));
    const [event] = await eventsIn(log, stream);
    expect(receipt).toMatchObject({ events: [], revision: 0, position: event?.position, again: false });
  });
  it('is refused for the reason that its decider gives', async () => {
    const outcome = await execute(engineOn(log), agent, `agent-${randomUUID()}`, rename('nobody'), provenance());
    expect(outcome).toEqual(E.left({ reason: 'AgentUnknown' }));
  });
  it('asked twice is done once, and gets the answer it got then', async () => {
    const { engine, stream } = await registered();
    const by = provenance();
    const first = await asked(engine, stream, rename('Front desk'), by);
    await asked(engine, stream, rename('Back office'));
    const second = await asked(engine, stream, rename('Front desk'), by);
    expect(second).toMatchObject({ again: true, revision: 2, position: first.position });
    expect(second.events.map(({ id }) => id)).toEqual(first.events.map(({ id }) => id));
    expect(await typesIn(log, stream)).toHaveLength(3);
  });
  it('is known again after a restart, whose memory is empty (F02)', async () => {
    const { engine, stream } = await registered();
    const by = provenance();
    const first = await asked(engine, stream, rename('Front desk'), by);
    const second = await asked(engineOn(log), stream, rename('Front desk'), by);
    expect(second).toMatchObject({ again: true, revision: first.revision, position: first.position });
    expect(second.events).toMatchObject(first.events.map(({ id, type, data }) => ({ id, type, data })));
    expect(await typesIn(log, stream)).toHaveLength(2);
  });
  it('asked of many nodes at once is done once, and all tell the same', async () => {
    const { stream } = await registered();
    const by = provenance();
    const receipts = await Promise.all(
      Array.from({ length: 6 }, () => asked(engineOn(log), stream, rename('Front desk'), by)),
    );
    expect(await typesIn(log, stream)).toHaveLength(2);
    expect(new Set(receipts.map(({ position }) => position)).size).toBe(1);
    expect(new Set(receipts.flatMap(({ events }) => events.map(({ id }) => id))).size).toBe(1);
  });
  it('asked of two nodes, each with a secret of its own, is done once, and one of them knows that it was not its own', async () => {
    const key_id = randomUUID();
    const by = provenance();
    const receipts = await Promise.all(
      ['a', 'b', 'c'].map(async (letter) => {
        const secret_hash = letter.repeat(64);
        const command = {
          type: 'IssueKey',
          key_id,
          name: 'x',
          scopes: ['a'],
          roles: [],
          secret_hash,
          expires_at: null,
        } as const;
        const outcome = await execute(engineOn(log), key, `key-${key_id}`, command, by);
        if (E.isLeft(outcome)) throw new Error(JSON.stringify(outcome.left));
        return { secret_hash, ...outcome.right };
      }),
    );
    const [event] = await eventsIn(log, `key-${key_id}`);
    const own = receipts.filter(({ again }) => !again);
    expect(await typesIn(log, `key-${key_id}`)).toHaveLength(1);
    expect(own).toHaveLength(1);
    expect(event?.data).toMatchObject({ secret_hash: own[0]?.secret_hash });
    for (const { events } of receipts) expect(events[0]?.data).toEqual(event?.data);
  });
  it('is decided only on the revision that its caller saw', async () => {
    const { engine, stream } = await registered();
    const by = provenance();
    await asked(engine, stream, rename('Front desk'), by, 0);
    expect(await execute(engine, agent, stream, rename('Back office'), provenance(), { if_match: 0 })).toEqual(
      E.left({ reason: 'StaleRevision', stream, given: 0, current: 1 }),
    );
    // What was done already is not stale: it is the same question.
    expect(await asked(engine, stream, rename('Front desk'), by, 0)).toMatchObject({ again: true });
  });
});

describe('a lost race', () => {
  /** Somebody else renames the agent each time that an append is about to be made. */
  const contended = async (times: number) => {
    const { stream } = await registered();
    const { trouble, log: slow } = troubled(log);
    const other = engineOn(log);
    let count = 0;
    trouble.before = async () => {
      if (count < times) await asked(other, stream, rename(`Other ${(count += 1)}`));
    };
    return { stream, engine: engineOn(slow), trouble };
  };

  it('is decided again on what really happened', async () => {
    const { stream, engine, trouble } = await contended(4);
    const receipt = await asked(engine, stream, rename('Front desk'));
    expect(trouble.appends).toBe(5);
    expect(receipt).toMatchObject({ revision: 5, again: false });
    expect((await eventsIn(log, stream)).at(-1)?.data).toMatchObject({ changes: { name: 'Front desk' } });
  });
  it('that is lost five times is a conflict, and nothing is recorded (F25)', async () => {
    const { stream, engine, trouble } = await contended(5);
    const outcome = await execute(engine, agent, stream, rename('Front desk'), provenance());
    expect(outcome).toEqual(E.left({ reason: 'Conflict', stream }));
    expect(trouble.appends).toBe(5);
    expect(await typesIn(log, stream)).toHaveLength(6);
  });
  it('makes a revision that the caller saw stale', async () => {
    const { stream, engine } = await contended(1);
    const outcome = await execute(engine, agent, stream, rename('Front desk'), provenance(), { if_match: 0 });
    expect(outcome).toEqual(E.left({ reason: 'StaleRevision', stream, given: 0, current: 1 }));
  });
  it('leaves nothing to do where the other did it', async () => {
    const { stream } = await registered();
    const { trouble, log: slow } = troubled(log);
    trouble.before = async () => void (await asked(engineOn(log), stream, { type: 'PauseAgent', reason: '' }));
    const receipt = await asked(engineOn(slow), stream, { type: 'PauseAgent', reason: '' });
    expect(receipt).toMatchObject({ events: [], revision: 1 });
  });
});

describe('an append whose outcome nobody knows', () => {
  it.each(['unheard', 'unsent'] as const)('is asked for again and done once: %s (F21, F23)', async (kind) => {
    const { stream } = await registered();
    const { trouble, log: shaky } = troubled(log);
    trouble[kind] = 2;
    const receipt = await asked(engineOn(shaky), stream, rename('Front desk'));
    expect(await typesIn(log, stream)).toEqual(['AgentRegistered', 'AgentRevised']);
    expect(receipt.revision).toBe(1);
    expect(receipt.events).toMatchObject([{ type: 'AgentRevised' }]);
  });
  it('that arrives only after it was asked for again is still done once', async () => {
    const { stream } = await registered();
    const { trouble, log: slow } = troubled(log);
    const held: Parameters<EventLog['append']>[] = [];
    const late: EventLog = {
      ...slow,
      append: async (...append) => {
        held.push(append);
        if (held.length === 1) throw new LogError('timeout', 'no answer came in time');
        await log.append(...held[0]!);
        return await slow.append(...append);
      },
    };
    const receipt = await asked(engineOn(late), stream, rename('Front desk'));
    expect(trouble.appends).toBe(1);
    expect(receipt).toMatchObject({ revision: 1, again: false });
    expect(await typesIn(log, stream)).toHaveLength(2);
  });
  it('is an error to its caller while the log stays away, and never called a conflict', async () => {
    const { stream } = await registered();
    const { trouble, log: shaky } = troubled(log);
    trouble.unheard = 9;
    const by = provenance();
    const away = engineOn({ ...shaky, read: log.read });
    await expect(execute(away, agent, stream, rename('A'), by)).resolves.toMatchObject({ right: { again: true } });
    trouble.down = true;
    await expect(execute(engineOn(shaky), agent, stream, rename('B'), provenance())).rejects.toMatchObject({
      fault: 'unavailable',
    });
  });
  it('after races were lost, is an error and no conflict: it may have been recorded', async () => {
    const { stream } = await registered();
    const { trouble, log: shaky } = troubled(log);
    const other = engineOn(log);
    let count = 0;
    trouble.before = async () => {
      count += 1;
      if (count < 5) await asked(other, stream, rename(`Other ${count}`));
      else trouble.unheard = 1;
    };
    await expect(execute(engineOn(shaky), agent, stream, rename('Front desk'), provenance())).rejects.toMatchObject({
      fault: 'timeout',
    });
  });
});

describe('what a command may not record', () => {
  it('is an event over 256 KiB: nothing is appended', async () => {
    const session_id = randomUUID();
    const stream = `session-${session_id}`;
    const engine = engineOn(log);
    const open = { type: 'OpenSession', session_id, agent_id: randomUUID(), title: null } as const;
    await execute(engine, session, stream, open, provenance());
    const turn = (bytes: number) => ({ type: 'ReceiveTurn', turn_id: randomUUID(), text: 'x'.repeat(bytes) }) as const;
    await expect(execute(engine, session, stream, turn(eventBytesMax), provenance())).rejects.toMatchObject({
      fault: 'too_large',
    });
    expect(await typesIn(log, stream)).toEqual(['SessionOpened']);
    const fits = await execute(engine, session, stream, turn(eventBytesMax - 400), provenance());
    expect(E.isRight(fits)).toBe(true);
  });
  it('is a payload that its own schema refuses', async () => {
    const { engine, stream } = await registered();
    await expect(execute(engine, agent, stream, rename(''), provenance())).rejects.toThrow('MalformedData');
    expect(await typesIn(log, stream)).toHaveLength(1);
  });
});

describe('what is on record', () => {
  it('is linked, event by event, to what came before', async () => {
    const { engine, stream } = await registered();
    for (const name of ['A', 'B', 'C']) await asked(engine, stream, rename(name));
    await asked(engineOn(log), stream, rename('D'));
    let prev = chainStart;
    for (const { self, event } of (await eventsIn(log, stream)).map((event) => ({
      event,
      self: event.metadata['self'],
    }))) {
      const { self: _, ...metadata } = event.metadata;
      expect(metadata['prev']).toBe(prev);
      expect(linkOf(stream, event.revision, event, metadata)).toBe(self);
      prev = self ?? '';
    }
  });
  it('has another link where its place, its name, its data or its metadata is another', () => {
    const event = { id: randomUUID(), type: 'AgentPaused', data: { reason: '' } };
    const metadata = { actor: 'user:a', prev: chainStart };
    const links = [
      linkOf('agent-1', 0, event, metadata),
      linkOf('agent-2', 0, event, metadata),
      linkOf('agent-1', 1, event, metadata),
      linkOf('agent-1', 0, { ...event, id: randomUUID() }, metadata),
      linkOf('agent-1', 0, { ...event, type: 'AgentResumed' }, metadata),
      linkOf('agent-1', 0, { ...event, data: { reason: 'x' } }, metadata),
      linkOf('agent-1', 0, event, { ...metadata, actor: 'user:b' }),
      linkOf('agent-1', 0, event, { actor: 'user:a', prev: 'x'.repeat(43) }),
    ];
    expect(new Set(links).size).toBe(links.length);
  });
  it('is not decided on where a link is broken', async () => {
    const { engine, stream } = await registered();
    const forged = raw(
      'AgentPaused',
      { agent_id: randomUUID(), reason: '' },
      { version: '1', prev: chainStart, self: 'x' },
    );
    await log.append(stream, 0, [forged]);
    for (const node of [engine, engineOn(log)])
      await expect(execute(node, agent, stream, rename('A'), provenance())).rejects.toMatchObject({ fault: 'corrupt' });
  });
  it('is not decided on where a revision is missing or comes twice', async () => {
    const { stream } = await registered();
    const [event] = await eventsIn(log, stream);
    for (const revision of [1, 5]) {
      const odd: EventLog = {
        ...log,
        read: async function* () {
          yield [{ ...event!, revision }];
        },
      };
      await expect(recall(odd, catalogue, engineOn(odd).remembered, agent, stream)).rejects.toMatchObject({
        fault: 'corrupt',
      });
    }
  });
  it.each([
    ['a type that nobody knows (F51)', raw('AgentTransfigured', {}), 'UnknownEventType'],
    ['a version that is newer (F52)', raw('AgentPaused', {}, { version: '7' }), 'UnsupportedVersion'],
    ['data that is malformed (F53)', raw('AgentPaused', 'not an object'), 'MalformedData'],
  ])('is not decided on where it holds %s', async (_, event, reason) => {
    const { engine, stream } = await registered();
    await log.append(stream, 0, [event]);
    for (const node of [engine, engineOn(log)])
      expect(await execute(node, agent, stream, rename('A'), provenance())).toMatchObject({
        left: { reason: 'UnreadableStream', stream, revision: 1, cause: { reason } },
      });
  });
  it('ends where the append said that it would, or nothing goes on', async () => {
    const { stream } = await registered();
    const lying: EventLog = { ...log, append: async () => ({ ok: true, revision: 7, position: 9n }) };
    await expect(execute(engineOn(lying), agent, stream, rename('A'), provenance())).rejects.toMatchObject({
      fault: 'corrupt',
    });
  });
});

describe('the memory of a node', () => {
  it('spares folding, and never hides what another node recorded', async () => {
    const { engine, stream } = await registered();
    const other = engineOn(log);
    for (const name of ['A', 'B', 'C']) {
      await asked(other, stream, rename(name));
      const known = await recall(log, catalogue, engine.remembered, agent, stream);
      expect(E.isRight(known) && known.right.state.profile?.name).toBe(name);
    }
  });
  it('keeps nothing of streams that do not exist, however many are asked for', async () => {
    const engine = engineOn(log);
    const stream = `agent-${randomUUID()}`;
    await execute(engine, agent, stream, rename('A'), provenance());
    expect(engine.remembered.get(stream)).toBeUndefined();
  });
  it('is bounded by the texts that it keeps, the least recently used first out', async () => {
    const streams = await Promise.all(Array.from({ length: 8 }, async () => (await registered()).stream));
    const remembered = memory(5 * 2_100);
    const kept = () => streams.map((stream) => remembered.get(stream) !== undefined);
    const look = async (stream: string) => void (await recall(log, catalogue, remembered, agent, stream));
    for (const stream of streams) await look(stream);
    expect(kept()).toEqual([false, false, false, true, true, true, true, true]);
    await look(streams[3]!);
    await look(streams[0]!);
    expect(kept()).toEqual([true, false, false, true, false, true, true, true]);
    await asked(engineOn(log), streams[7]!, { type: 'ReviseAgent', changes: { description: 'x'.repeat(2_000) } });
    for (let n = 0; n < 3; n += 1) {
      const description = `${n}`.repeat(2_000);
      await asked(engineOn(log), streams[7]!, { type: 'ReviseAgent', changes: { description } });
    }
    await look(streams[7]!);
    expect(kept().filter(Boolean).length).toBeLessThan(5);
  });
  it('knows the newest 256 commands of a stream, and grows no further with it', async () => {
    const { engine, stream } = await registered();
    const first = provenance();
    await asked(engine, stream, rename('first'), first);
    for (let n = 0; n < 254; n += 1) await asked(engine, stream, rename(`name ${n}`));
    expect(await asked(engine, stream, rename('first'), first)).toMatchObject({ again: true, revision: 255 });
    const before = engine.remembered.get(stream);
    for (let n = 0; n < 20; n += 1) await asked(engine, stream, rename(`more ${n}`));
    expect(engine.remembered.get(stream)?.done.size).toBe(256);
    expect(engine.remembered.get(stream)?.chars).toBeLessThan((before?.chars ?? 0) + 1_000);
  });
  it('tells the same of a command after it was appended as after it was read back', async () => {
    const { engine, stream } = await registered();
    const by = provenance();
    await asked(engine, stream, rename('A'), by);
    const kept = engine.remembered.get(stream);
    const read = await recall(log, catalogue, engineOn(log).remembered, agent, stream);
    if (E.isLeft(read) || kept === undefined) throw new Error('it is known');
    const { state, tail, position } = read.right;
    expect(kept).toMatchObject({ state, tail, position });
    expect([...kept.done.keys()]).toEqual([...read.right.done.keys()]);
  });
  it('tells whoever listens what was appended here', async () => {
    const { engine, stream } = await registered();
    const heard: string[] = [];
    engine.appended.add((where, events) => void heard.push(...events.map(({ type }) => `${where} ${type}`)));
    await asked(engine, stream, rename('A'));
    await asked(engineOn(log), stream, rename('B'));
    expect(heard).toEqual([`${stream} AgentRevised`]);
  });
  it('lets one of two writers who append at once be told so', async () => {
    const { stream } = await registered();
    const nodes = [engineOn(log), engineOn(log)];
    const outcomes = await Promise.all(
      nodes.map(async (node) => {
        const known = await recall(log, catalogue, node.remembered, agent, stream);
        if (E.isLeft(known)) throw new Error('it can be read');
        const decision = agent.decide(rename('A'), known.right.state);
        if (E.isLeft(decision)) throw new Error('it is decided');
        return await commit(node, agent, known.right, [{ events: decision.right, provenance: provenance() }]);
      }),
    );
    expect(outcomes.filter((outcome) => outcome === undefined)).toHaveLength(1);
  });
});
