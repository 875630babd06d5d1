import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fallbackModel } from '../../src/adapters/models/fallback.ts';
import { modelOf } from '../../src/adapters/models/model.ts';
import type { Model, ModelRequest } from '../../src/ports.ts';
import { modelContract } from '../contracts/model.contract.ts';
import { answersIn, modelServer, type ModelServer } from '../support/model-server.ts';
import { ollamaWire } from '../support/ollama-server.ts';
import { openaiWire } from '../support/openai-server.ts';
import { ollamaDialect, openaiDialect } from './provider.dialects.ts';

const request: ModelRequest = {
  model: 'gpt-4.1-mini',
  system: 'You are Iris.',
  messages: [{ role: 'user', content: 'Good morning' }],
  max_tokens: 100,
};
const first = answersIn(openaiWire);
const second = answersIn(ollamaWire);

let servers: readonly [ModelServer, ModelServer];
let model: Model;
beforeEach(async () => {
  servers = [
    await modelServer({ otherwise: first.says('First.') }),
    await modelServer({ otherwise: second.says('Second.') }),
  ];
  model = fallbackModel(
    openaiDialect.model({ base_url: servers[0].url }),
    ollamaDialect.model({ base_url: servers[1].url, default_model: 'qwen3' }),
  );
});
afterEach(() => Promise.all(servers.map(({ close }) => close())));

const asked = (): readonly number[] => servers.map(({ requests }) => requests.length);
const ask = (call: Partial<Parameters<Model['complete']>[1]> = {}) =>
  model.complete(request, { signal: new AbortController().signal, ...call });

modelContract('a model with another behind it', async () => {
  const server = await modelServer({ otherwise: first.says('OK.') });
  return {
    model: fallbackModel(openaiDialect.model({ base_url: server.url }), modelOf({ provider: 'noop' })),
    does: 'answers',
    close: server.close,
  };
});

describe('a model with another behind it', () => {
  it('leaves the other alone as long as the first answers', async () => {
    expect(await ask()).toMatchObject({ reply: { provider: 'openai', model: 'gpt-4.1-mini' } });
    expect(asked()).toEqual([1, 0]);
  });

  it('asks the other where the first fails in a way that may pass, and says who answered', async () => {
    servers[0].next(first.fails(529));
    expect(await ask()).toMatchObject({
      ok: true,
      reply: { provider: 'ollama', model: 'qwen3', cost_micros: 0, blocks: [{ text: 'Second.' }] },
    });
    expect(servers[1].requests[0]?.body.model).toBe('qwen3');
  });

  it.each([400, 401, 404])('hides no mistake of ours by asking the other (%i)', async (status) => {
    servers[0].next(first.fails(status));
    expect(await ask()).toMatchObject({ ok: false, retryable: false });
    expect(asked()).toEqual([1, 0]);
  });

  it('takes back what the first had said before it broke off', async () => {
    servers[0].next(first.stopsShort('From the fi'));
    let heard = '';
    const outcome = await ask({ onText: (delta) => void (heard += delta), onRestart: () => void (heard = '') });
    expect(outcome).toMatchObject({ ok: true });
    expect(heard).toBe('Second.');
  });

  it('is worth another try when both have failed, as soon as either may be asked again', async () => {
    servers[0].next(first.fails(429, 'no', { 'retry-after': '60' }), first.fails(429, 'no', { 'retry-after': '60' }));
    servers[1].next(second.fails(503, 'no', { 'retry-after': '7' }), second.fails(404, 'no such model'));
    expect(await ask()).toMatchObject({ fault: 'provider_error', retryable: true, retry_after_ms: 7_000 });
    expect(await ask()).toMatchObject({
      retryable: true,
      retry_after_ms: 60_000,
      message: expect.stringMatching(/^openai answered 429.*ollama.*no such model/) as string,
    });
  });

  it('asks nobody else once its caller has had enough', async () => {
    const controller = new AbortController();
    servers[0].next((_, response) => {
      controller.abort();
      response.destroy();
    });
    expect(await ask({ signal: controller.signal })).toMatchObject({ fault: 'timeout', retryable: false });
    expect(asked()).toEqual([1, 0]);
  });

  it('may cost what both may', () => {
    const costing = (cost: number | null): Model => ({ ...model, cost_micros_max: () => cost });
    const most = (a: number | null, b: number | null) => fallbackModel(costing(a), costing(b)).cost_micros_max(request);
    expect([most(2, 3), most(2, null), most(null, 3), most(null, null)]).toEqual([5, 2, 3, null]);
  });
});

describe('the choice of another model', () => {
  const { signal } = new AbortController();

  it('goes by the environment', async () => {
    servers[0].next(first.fails(500));
    const chosen = modelOf({
      provider: 'openai',
      default_model: 'gpt-4.1-mini',
      fallback: { provider: 'ollama', default_model: 'qwen3' },
      openai: { api_key: 'k', base_url: servers[0].url },
      ollama: { base_url: servers[1].url },
    });
    expect(chosen).toMatchObject({ provider: 'openai', default_model: 'gpt-4.1-mini' });
    expect(await chosen.complete(request, { signal })).toMatchObject({ reply: { provider: 'ollama', model: 'qwen3' } });
  });

  it('cannot be the same again', async () => {
    const chosen = modelOf({ provider: 'ollama', fallback: { provider: 'ollama' } });
    expect(await chosen.complete(request, { signal })).toMatchObject({
      fault: 'misconfigured',
      message: expect.stringContaining('LLM_FALLBACK_PROVIDER') as string,
    });
  });
});
