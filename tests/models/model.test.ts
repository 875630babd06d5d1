import { describe, expect, it } from 'vitest';
import { modelOf } from '../../src/adapters/models/model.ts';
import { modelContract, question } from '../contracts/model.contract.ts';
import { answersIn, modelServer } from '../support/model-server.ts';
import { anthropicDialect, ollamaDialect, openaiDialect } from './provider.dialects.ts';

const { signal } = new AbortController();

modelContract('noop', () => Promise.resolve({ model: modelOf({ provider: 'noop' }), does: 'disabled' }));
modelContract('scripted', () => Promise.resolve({ model: modelOf({ provider: 'scripted' }), does: 'answers' }));
for (const { provider, wire } of [anthropicDialect, openaiDialect, ollamaDialect])
  modelContract(provider, async () => {
    const { url, close } = await modelServer({ otherwise: answersIn(wire).says('OK.') });
    const there = { api_key: 'k', base_url: url };
    return { model: modelOf({ provider, [provider]: there }), does: 'answers', close };
  });
for (const provider of ['anthropic', 'openai'])
  modelContract(`${provider} without a key`, () =>
    Promise.resolve({ model: modelOf({ provider, [provider]: { api_key: '' } }), does: 'misconfigured' }),
  );
modelContract('an unknown provider', () =>
  Promise.resolve({ model: modelOf({ provider: 'oracle' }), does: 'misconfigured' }),
);

describe('the choice of a model', () => {
  it('says with noop which variable would choose one', async () => {
    const outcome = await modelOf({ provider: 'noop' }).complete(question, { signal });
    expect(outcome).toMatchObject({ fault: 'disabled', message: expect.stringContaining('LLM_PROVIDER') as string });
  });

  it('names an unknown provider, and the known ones, at the first call', async () => {
    const outcome = await modelOf({ provider: 'oracle' }).complete(question, { signal });
    expect(outcome).toMatchObject({
      message: expect.stringMatching(/oracle.*noop, scripted, anthropic, openai or ollama/) as string,
    });
  });

  it.each(['anthropic', 'openai'])('names the missing key of %s at the first call', async (provider) => {
    const outcome = await modelOf({ provider }).complete(question, { signal });
    const variable = `${provider.toUpperCase()}_API_KEY`;
    expect(outcome).toMatchObject({ message: expect.stringContaining(variable) as string });
  });

  it.each(['anthropic', 'openai', 'ollama'])('refuses an address of %s that is none', async (provider) => {
    const there = { api_key: 'k', base_url: 'ftp://x' };
    const outcome = await modelOf({ provider, [provider]: there }).complete(question, { signal });
    const variable = `${provider.toUpperCase()}_BASE_URL`;
    expect(outcome).toMatchObject({ fault: 'misconfigured', message: expect.stringContaining(variable) as string });
  });
});
