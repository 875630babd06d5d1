import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { reflectionPrompt } from '../../src/domain/cognition/reflection.ts';
import { ask, askFresh, dataFolder, startHere, type Body } from '../support/acta.ts';
import { logHead } from '../support/gated.ts';

/** A model that is a set of rules: it learns when it is told something, and says whether it finds it in its context. */
const script = {
  rules: [
    {
      when: { matches: '^remember: (.*)$' },
      reply: {
        text: 'I note it.',
        tool_use: [{ name: 'learn_fact', input: { content: '{{1}}', category: 'rule', confidence: 0.9 } }],
      },
    },
    { when: { matches: '^learn_fact: .*"fact_id"' }, reply: { text: 'Noted.' } },
    {
      when: { contains: 'Look back at it' },
      reply: {
        text: [
          'task: the rules of the shop',
          'learned: The shop closes at six on weekdays.',
          'lesson: ask for the order number first',
          'procedure: Refund - find the order, check its age, propose the refund',
        ].join('\n'),
      },
    },
    {
      when: { contains: 'decide now' },
      reply: {
        text: 'I decide.',
        tool_use: [
          {
            name: 'record_decision',
            input: {
              ...{ description: 'Refund the order.', confidence: 0.7, category: 'process', stakes: 'medium' },
              ...{ tags: ['refund'], reasons: [{ type: 'analysis', text: 'it arrived broken' }] },
            },
          },
        ],
      },
    },
    { when: { matches: '^record_decision: ' }, reply: { text: 'It is decided.' } },
    {
      when: { contains: 'never say' },
      reply: {
        text: 'I will not.',
        tool_use: [{ name: 'create_censor', input: { trigger: 'wire the money', reason: 'it was a fraud' } }],
      },
    },
    { when: { agent: 'need two people', contains: 'refunds' }, reply: { text: 'Over 100 two people are needed.' } },
  ],
  otherwise: { text: 'I do not know.' },
};

let url: string;
beforeAll(async () => {
  expect(reflectionPrompt).toContain('Look back at it');
  const folder = mkdtempSync(join(tmpdir(), 'acta-script-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'script.json'), JSON.stringify(script));
  const settings = { ACTA_SCRIPT: join(folder, 'script.json'), EMBEDDING_PROVIDER: 'hashed' };
  ({ url } = await startHere(await dataFolder(afterAll), settings, afterAll));
});

const say = async (message: string, session_id: string = randomUUID()): Promise<Body> => {
  const said = await ask(url, '/chat', { body: { message, session_id } });
  expect(said.status, JSON.stringify(said.body)).toBe(200);
  return said.body;
};
const contextOf = async ({ session_id, turn_id }: Body): Promise<Body> =>
  (await askFresh(url, `/sessions/${session_id}/turns/${turn_id}/context`)).body.context;
const section = (context: Body, name: string): Body => context.sections.find((each: Body) => each.name === name);
const factsAbout = async (q: string): Promise<Body[]> =>
  (await askFresh(url, `/facts?q=${encodeURIComponent(q)}`)).body.facts;

/** What the first session teaches: one fact by the agent's own hand, one by reflection. */
const taught = async () => {
  const first = await say('remember: Refunds over 100 need two people to agree.');
  expect(first.response).toBe('Noted.');
  const ended = await ask(url, `/chat/${first.session_id}`, { method: 'DELETE' });
  expect(ended).toMatchObject({ status: 200, body: { status: 'ended', session_id: first.session_id } });
  const [fact] = await factsAbout('refunds');
  return { session_id: first.session_id as string, fact };
};

describe('an agent', () => {
  it('remembers across sessions, and shows for what it recalls the event that it came from', async () => {
    const { session_id, fact } = await taught();
    expect(fact).toMatchObject({ content: 'Refunds over 100 need two people to agree.', confidence: 0.7 });

    const second = await say('who has to agree to refunds?');
    expect(second.response).toBe('Over 100 two people are needed.');
    const context = await contextOf(second);
    const [cited] = section(context, 'facts').items;
    expect(cited).toMatchObject({ kind: 'fact', id: fact.fact_id, revision: 0 });
    expect(cited.channels.map(({ name }: Body) => name)).toContain('text');

    const provenance = (await askFresh(url, `/facts/${fact.fact_id}/provenance`)).body;
    const chain = JSON.stringify(provenance);
    expect(chain).toContain(session_id);
    expect(chain).toContain('TurnReceived');

    // What it said itself at the end is remembered too, and where that came from.
    const [closing] = await factsAbout('shop closes');
    expect(closing).toMatchObject({
      content: 'The shop closes at six on weekdays.',
      source: { kind: 'reflection', session_id },
    });
    const { episodes } = (await askFresh(url, '/episodes')).body;
    const episode = episodes.find((each: Body) => each.session_id === session_id);
    expect(episode).toMatchObject({ outcome: 'success', lessons: ['ask for the order number first'] });
    const { procedures } = (await askFresh(url, '/procedures')).body;
    expect(procedures).toMatchObject([{ name: 'Refund' }]);
  });

  it('holds a contradicted fact less surely, and recalls a superseded one no more', async () => {
    const learned = await ask(url, '/facts', { body: { content: 'Parcels leave at noon.', confidence: 0.9 } });
    const { fact_id } = learned.body;
    const doubt = { content: 'Parcels leave when the van is full.', confidence: 0.6 };
    expect((await ask(url, `/facts/${fact_id}/contradict`, { body: doubt })).status).toBeLessThan(300);
    expect((await askFresh(url, `/facts/${fact_id}`)).body).toMatchObject({ confidence: 0.7, status: 'current' });

    const before = section(await contextOf(await say('when do parcels leave?')), 'facts').items;
    expect(before.map(({ id }: Body) => id)).toContain(fact_id);
    const newer = { content: 'Parcels leave at three.', confidence: 0.9 };
    expect((await ask(url, `/facts/${fact_id}/supersede`, { body: newer })).status).toBeLessThan(300);
    const after = section(await contextOf(await say('when do parcels leave?')), 'facts').items;
    expect(after.map(({ id }: Body) => id)).not.toContain(fact_id);
  });

  it('is stopped by a censor that blocks before any model hears of it, and warned by one that warns', async () => {
    const warned = await say('never say it');
    expect(warned.response).toBe('I do not know.');
    const { censors } = (await askFresh(url, '/censors')).body;
    expect(censors).toMatchObject([{ trigger: 'wire the money', action: 'warn', origin: 'agent' }]);
    const passed = await contextOf(await say('Shall I Wire The Money?'));
    expect(passed.censors).toMatchObject([{ censor_id: censors[0].censor_id, action: 'warn' }]);
    expect(section(passed, 'censors').items).toMatchObject([{ id: censors[0].censor_id }]);

    const block = { trigger: 'delete everything', reason: 'it cannot be undone', action: 'block' };
    const created = await ask(url, '/censors', { body: block });
    expect(created.status).toBe(201);
    await askFresh(url, '/censors');
    const stopped = await ask(url, '/chat', { body: { message: 'please delete everything' } });
    expect(stopped).toMatchObject({ status: 422, body: { code: 'censored' } });
    const { events } = (await ask(url, `/streams/session-${stopped.body.session_id}/events`)).body;
    expect((events ?? []).map(({ type }: Body) => type)).not.toContain('ModelCalled');
    expect((await askFresh(url, `/censors/${created.body.censor_id}`)).body).toMatchObject({ activations: 1 });
  });

  it('decides on the record: before it speaks where the frame asks for it, and by its own hand', async () => {
    const plan = await say('should we compare the two, and decide now?');
    expect(plan).toMatchObject({ frame: 'decision', response: 'It is decided.' });
    expect((await askFresh(url, `/decisions/${plan.decision_id}`)).body).toMatchObject({
      description: 'Refund the order.',
      confidence: 0.7,
      session_id: plan.session_id,
    });
    const { decision_id } = await contextOf(plan);
    expect(decision_id).not.toBe(plan.decision_id);
    const deliberated = async () => (await askFresh(url, `/decisions/${decision_id}`)).body;
    await vi.waitFor(async () =>
      expect(await deliberated()).toMatchObject({ confidence: 0.8, description: 'It is decided.' }),
    );
    expect(await deliberated()).toMatchObject({
      stakes: 'high',
      tags: ['decision'],
      thoughts: [{ text: 'The turn succeeded.' }],
    });
  });

  it('counts the frames it takes (R9)', async () => {
    await say('hello');
    const { frames } = (await askFresh(url, '/frames')).body;
    expect(frames.map(({ frame_id }: Body) => frame_id)).toEqual([
      'decision',
      'debug',
      'task',
      'question',
      'creative',
      'conversation',
    ]);
    expect(frames.at(-1)).toMatchObject({ frame_name: 'Conversation', usage_count: expect.any(Number) as number });
    expect(frames.at(-1).usage_count).toBeGreaterThan(0);
    expect((await ask(url, `/frames?agent_id=${randomUUID()}`)).status).toBe(404);
    expect((await ask(url, '/frames?agent_id=nobody')).status).toBe(400);
  });

  it('ends a conversation once, however often that is asked for, and nothing is appended for one that is not there', async () => {
    const { session_id } = await say('hello');
    for (const _ of [1, 2]) {
      const ended = await ask(url, `/chat/${session_id}`, { method: 'DELETE' });
      expect(ended).toMatchObject({ status: 200, body: { status: 'ended' } });
    }
    const before = await logHead(url);
    expect((await ask(url, `/chat/${randomUUID()}`, { method: 'DELETE' })).status).toBe(404);
    expect((await ask(url, '/chat/nobody', { method: 'DELETE' })).status).toBe(400);
    expect((await ask(url, '/chat', { body: { message: 'more', session_id } })).status).toBe(409);
    expect(await logHead(url)).toBe(before);
  });
});
