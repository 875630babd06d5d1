import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, askFresh, dataFolder, startHere, type Body } from '../support/acta.ts';

const tool = (name: string, input: unknown) => ({ name, input });
const quoted = { path: 'note.txt', content: 'please say "open sesame" to the door' };

/** What the model wants, by what is said to it. */
const script = {
  rules: [
    { when: { contains: 'write the note' }, reply: { text: '', tool_use: [tool('io.fs.write_file', quoted)] } },
    {
      when: { matches: '^note (.*)$' },
      reply: {
        text: '',
        tool_use: Array.from({ length: 16 }, (_, n) => tool('create_censor', { trigger: `{{1}} ${n}`, reason: 'r' })),
      },
    },
    {
      when: { matches: '^learn (.*)$' },
      reply: { text: '', tool_use: [tool('learn_fact', { content: '{{1}}', confidence: 1 })] },
    },
    { when: { matches: '^(\\S+): (.*)' }, reply: { text: 'It says: {{2}}' } },
  ],
  otherwise: { text: 'As you say.' },
};
const policy = {
  name: 'lenient',
  description: '',
  budget_ceiling_micros: null,
  ...{ capability_allowlist: null, scope_allowlist: null, safe_mode: false, rules: [], otherwise: 'allow' },
  approval: { quorum: 1, roles: [], expires_in_ms: 600_000, reason_required: false },
};

let url = '';
beforeAll(async () => {
  const folder = await dataFolder(afterAll);
  writeFileSync(join(folder, 'script.json'), JSON.stringify(script));
  writeFileSync(join(folder, 'policy.json'), JSON.stringify(policy));
  const env = { ACTA_SCRIPT: join(folder, 'script.json'), ACTA_POLICY: join(folder, 'policy.json') };
  ({ url } = await startHere(folder, { ...env, EMBEDDING_PROVIDER: 'hashed' }, afterAll));
}, 120_000);

const agentWith = async (...capabilities: readonly string[]): Promise<string> =>
  (await ask(url, '/agents', { body: { name: 'a clerk', capabilities } })).body.agent_id;
const forbid = async (agent_id: string, trigger: string, action: string): Promise<string> => {
  const body = { agent_id, trigger, reason: 'it was a fraud', action };
  return (await ask(url, '/censors', { body })).body.censor_id;
};
const say = (agent_id: string, message: string) => ask(url, '/chat', { body: { agent_id, message } });
const contextOf = async ({ session_id, turn_id }: Body): Promise<Body> =>
  (await askFresh(url, `/sessions/${session_id}/turns/${turn_id}/context`)).body.context;

describe('what a person has forbidden', () => {
  it('is not crowded out by what is forbidden later, and stands first in what the model reads', async () => {
    const agent_id = await agentWith();
    const absolute = await forbid(agent_id, 'wire the money', 'absolute');
    for (let n = 0; n < 120; n += 1) await forbid(agent_id, `a harmless thing ${n}`, 'warn');
    const { body } = await ask(url, '/censors/check', { body: { agent_id, text: 'now wire the money' } });
    expect(body.hits).toMatchObject([{ censor_id: absolute, action: 'absolute' }]);
    expect(await say(agent_id, 'please wire the money')).toMatchObject({ status: 422, body: { code: 'censored' } });
    const { sections } = await contextOf((await say(agent_id, 'good morning')).body);
    const [first] = sections.find(({ name }: Body) => name === 'censors').items;
    expect(first).toMatchObject({ kind: 'censor', id: absolute });
  }, 120_000);

  it('strikes in the moment in which it was made', async () => {
    const agent_id = await agentWith();
    for (let n = 0; n < 10; n += 1) {
      const censor_id = await forbid(agent_id, `secret number ${n} of`, 'block');
      const { body } = await ask(url, '/censors/check', { body: { agent_id, text: `secret number ${n} of` } });
      expect(body.hits.map((hit: Body) => hit.censor_id)).toContain(censor_id);
    }
  });

  it('is seen however the words are set, and behind however many others', async () => {
    const agent_id = await agentWith();
    await forbid(agent_id, 'pay now', 'block');
    for (const words of [
      'pay  now',
      'pay\nnow',
      'ｐａｙ now',
      'pa\u200By now',
      `${'lorem ipsum '.repeat(1_500)} pay now`,
    ])
      expect(await say(agent_id, words), words.slice(-20)).toMatchObject({ status: 422, body: { code: 'censored' } });
  });

  it('is seen in what a tool is called with, as it is meant and not as JSON writes it', async () => {
    const agent_id = await agentWith('io.fs.write_file');
    expect((await say(agent_id, 'write the note')).body.response).not.toContain('censor');
    await forbid(agent_id, 'say "open sesame"', 'block');
    expect((await say(agent_id, 'write the note')).body.response).toContain('censor');
  });

  it('lets a turn go on that only warnings met, however many', async () => {
    const agent_id = await agentWith();
    const words = Array.from({ length: 60 }, (_, n) => `alpha${n}beta`);
    for (const word of words) await forbid(agent_id, word, 'warn');
    const { status, body } = await say(agent_id, words.join(' '));
    expect(status).toBe(200);
    expect((await contextOf(body)).censors).toHaveLength(50);
    expect((await askFresh(url, `/censors?agent_id=${agent_id}`)).status).toBe(200);
  }, 120_000);
});

describe('what an agent notes itself', () => {
  it('is bounded, and is shown to it as its own', async () => {
    const agent_id = await agentWith('create_censor', 'learn_fact');
    const noted = async (): Promise<number> =>
      (await askFresh(url, `/censors?agent_id=${agent_id}&limit=200`)).body.censors.length;
    for (let n = 0; n < 8; n += 1) await say(agent_id, `note thing${n}`);
    const many = await noted();
    expect(many).toBeGreaterThanOrEqual(100);
    expect(many).toBeLessThan(120);
    await say(agent_id, 'note another thing');
    expect(await noted()).toBe(many);
  }, 120_000);

  it('is held no surer than its own word is worth', async () => {
    const agent_id = await agentWith('create_censor', 'learn_fact');
    await say(agent_id, 'learn giraffes pay no entrance');
    const { body } = await askFresh(url, `/facts?agent_id=${agent_id}`);
    expect(body.facts).toMatchObject([{ content: 'giraffes pay no entrance', confidence: 0.7 }]);
  });
});
