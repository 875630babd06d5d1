import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { agentDefaults } from '../../src/commands/agents/agents.operations.ts';
import { execute } from '../../src/commands/execute.ts';
import { agent } from '../../src/domain/agent/agent.decider.ts';
import { unacting } from '../../src/domain/agent/agent.events.ts';
import { derived } from '../../src/domain/kernel/ids.ts';
import { session } from '../../src/domain/session/session.decider.ts';
import { ask, dataFolder, startHere } from '../support/acta.ts';
import { eventsOf, logHead } from '../support/gated.ts';

const nowhere = '0198d7a0-0000-7000-8000-00000000dead';
const theirAgent = derived('agent', 'of another tenant');
const theirSession = derived('session', 'of another tenant');
const profile = { name: 'Eve', description: '', identity_prompt: 'You are Eve.', model: null };

let url: string;
beforeAll(async () => {
  ({ url } = await startHere(await dataFolder(afterAll), {}, afterAll, {
    register: async (engine) => {
      const by = { command_id: theirAgent, actor: 'user:eve', tenant: 'other', correlation_id: theirAgent };
      const whole = { ...agentDefaults, ...unacting, ...profile };
      const registering = { type: 'RegisterAgent', agent_id: theirAgent, profile: whole } as const;
      await execute(engine, agent, `agent-${theirAgent}`, registering, by);
      const opening = { type: 'OpenSession', session_id: theirSession, agent_id: theirAgent, title: null } as const;
      await execute(engine, session, `session-${theirSession}`, opening, { ...by, command_id: theirSession });
    },
  }));
});

const decided = { description: 'x', confidence: 0.5, category: 'process', stakes: 'low' };
const censored = { trigger: 'refund', reason: 'never due' };

/** What names an agent, a session, a source or another thing: `#` stands for its id. */
const naming: readonly (readonly [string, object, string])[] = [
  ['/facts', { content: 'x', agent_id: '#' }, '#/agent_id'],
  ['/facts', { content: 'x', source: { session_id: '#' } }, '#/source/session_id'],
  ['/censors', { ...censored, agent_id: '#' }, '#/agent_id'],
  ['/censors/check', { text: 'a refund', agent_id: '#' }, '#/agent_id'],
  ['/episodes', { summary: 'x', agent_id: '#' }, '#/agent_id'],
  ['/episodes', { summary: 'x', session_id: '#' }, '#/session_id'],
  ['/procedures', { name: 'x', agent_id: '#' }, '#/agent_id'],
  ['/teach', { type: 'fact', content: 'x', agent_id: '#' }, '#/agent_id'],
  ['/teach', { type: 'procedure', content: 'x', agent_id: '#' }, '#/agent_id'],
  ['/decisions', { ...decided, agent_id: '#' }, '#/agent_id'],
  ['/decisions', { ...decided, session_id: '#' }, '#/session_id'],
];
const meaning = (body: object, id: string): object => JSON.parse(JSON.stringify(body).replaceAll('"#"', `"${id}"`));

describe('what is not there', () => {
  it.each(naming)('is not spoken of, nor is what is another tenant’s: %s %j', async (path, body, pointer) => {
    const theirs = pointer.endsWith('session_id') ? theirSession : theirAgent;
    for (const id of [nowhere, theirs]) {
      const head = await logHead(url);
      const answer = await ask(url, path, { body: meaning(body, id) });
      expect(answer, id).toMatchObject({ status: 404, body: { code: 'not_found', errors: [{ pointer }] } });
      expect(await logHead(url)).toBe(head);
    }
  });

  it('has no working memory, and no agent but its own has a session’s', async () => {
    const head = await logHead(url);
    const focus = (id: string, more: object = {}) =>
      ask(url, `/sessions/${id}/working-memory/focus`, { method: 'PUT', body: { task: 'lamps', ...more } });
    for (const id of [nowhere, theirSession]) expect((await focus(id)).status).toBe(404);
    expect(await logHead(url)).toBe(head);
    const { agent_id } = (await ask(url, '/agents', { body: { name: 'Somebody' } })).body;
    const { session_id } = (await ask(url, '/sessions', { body: { agent_id } })).body;
    const { agent_id: other } = (await ask(url, '/agents', { body: { name: 'Another' } })).body;
    expect(await focus(session_id, { agent_id: other })).toMatchObject({ status: 409, body: { agent_id } });
    expect((await focus(session_id)).status).toBe(200);
    expect((await eventsOf(url, `working_memory-${session_id}`))[0].data.agent_id).toBe(agent_id);
  });

  it('is not linked with an episode', async () => {
    const { episode_id } = (await ask(url, '/episodes', { body: { summary: 'A lamp broke.' } })).body;
    const head = await logHead(url);
    const path = `/episodes/${episode_id}`;
    const links = [
      await ask(url, `${path}/decisions`, { body: { decision_id: nowhere } }),
      await ask(url, `${path}/procedures`, { body: { procedure_id: nowhere, effectiveness: 'helped' } }),
    ];
    expect(links.map(({ status }) => status)).toEqual([404, 404]);
    expect(await logHead(url)).toBe(head);
  });
});

describe('a text that cannot be seen', () => {
  it.each([
    ['/facts', { content: ' \n\t' }],
    ['/facts', { content: '\u200b\u2060' }],
    ['/censors', { ...censored, trigger: '  ' }],
    ['/censors', { ...censored, trigger: '\u200b' }],
    ['/censors', { ...censored, reason: ' ' }],
    ['/episodes', { summary: ' ' }],
    ['/procedures', { name: '\u00a0' }],
    ['/teach', { type: 'procedure', content: '\u200b' }],
    ['/decisions', { ...decided, description: ' ' }],
  ])('is refused, and nothing is recorded: %s %j', async (path, body) => {
    const head = await logHead(url);
    expect(await ask(url, path, { body })).toMatchObject({ status: 400, body: { code: 'validation_failed' } });
    expect(await logHead(url)).toBe(head);
  });

  it('is not part of what was said: a censor strikes whatever stood around its trigger', async () => {
    await ask(url, '/censors', { body: { ...censored, trigger: '  unseen refund\n' } });
    await expect
      .poll(async () => (await ask(url, '/censors/check', { body: { text: 'An unseen refund.' } })).body.hits, {
        timeout: 10_000,
      })
      .toMatchObject([{ trigger: 'unseen refund' }]);
  });
});
