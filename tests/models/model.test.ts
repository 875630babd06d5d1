import { describe, expect, it } from 'vitest';
import { modelOf } from '../../src/adapters/models/model.ts';
import { modelContract, question } from '../contracts/model.contract.ts';
import { anthropicServer } from '../support/anthropic-server.ts';

const { signal } = new AbortController();

modelContract('noop', () => Promise.resolve({ model: modelOf({ provider: 'noop' }), does: 'disabled' }));
modelContract('scripted', () => Promise.resolve({ model: modelOf({ provider: 'scripted' }), does: 'answers' }));
modelContract('anthropic', async () => {
  const { url, close } = await anthropicServer();
  return { model: modelOf({ provider: 'anthropic', api_key: 'k', base_url: url }), does: 'answers', close };
});
modelContract('anthropic without a key', () =>
  Promise.resolve({ model: modelOf({ provider: 'anthropic', api_key: '' }), does: 'misconfigured' }),
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
    expect(outcome).toMatchObject({ message: expect.stringMatching(/oracle.*noop, scripted or anthropic/) as string });
  });

  it('names the missing key at the first call', async () => {
    const outcome = await modelOf({ provider: 'anthropic' }).complete(question, { signal });
    expect(outcome).toMatchObject({ message: expect.stringContaining('ANTHROPIC_API_KEY') as string });
  });

  it('refuses an address that is none', async () => {
    const outcome = await modelOf({ provider: 'anthropic', api_key: 'k', base_url: 'ftp://x' }).complete(question, {
      signal,
    });
    expect(outcome).toMatchObject({ fault: 'misconfigured', message: expect.stringContaining('BASE_URL') as string });
  });
});
