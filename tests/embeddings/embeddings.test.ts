import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { embeddingsOf } from '../../src/adapters/embeddings/embeddings.ts';
import type { Embeddings } from '../../src/ports.memory.ts';
import { embeddingServer, embeds, refuses, type EmbeddingAnswer } from '../support/embedding-server.ts';
import { embeddingsBehaviour, similarity, vectorsOf } from './embeddings.behaviour.ts';

const { signal } = new AbortController();
const local = embeddingsOf({ provider: 'local' });
afterAll(() => local.close());
const standing = await embeddingServer();
afterAll(() => standing.close());
const openai = (url: string, model?: string): Embeddings =>
  embeddingsOf({ provider: 'openai', openai: { api_key: 'sk-secret', base_url: url }, ...(model && { model }) });

embeddingsBehaviour('hashed', { dimensions: 384, open: () => embeddingsOf({ provider: 'hashed' }) });
embeddingsBehaviour('local', { dimensions: 512, open: () => local });
embeddingsBehaviour('openai', { dimensions: 1_536, open: () => openai(standing.url) });

describe('nobody', () => {
  it('embeds nothing by default, and says what to set', async () => {
    const refused = await embeddingsOf({ provider: 'noop' }).embed(['x'], { signal });
    expect(refused).toMatchObject({ ok: false, fault: 'disabled', retryable: false });
    expect(refused).toHaveProperty('message', expect.stringContaining('EMBEDDING_PROVIDER'));
  });
});

describe('the local model', () => {
  it('knows what a sentence means, whatever its words are', async () => {
    const [asked, near, far] = vectorsOf(
      await local.embed(['How old are you?', 'What is your age?', 'The ship left the harbour in a storm.'], { signal }),
    );
    expect(similarity(asked!, near!)).toBeGreaterThan(0.6);
    expect(similarity(asked!, far!)).toBeLessThan(0.45);
  });

  it('is there again after it was lost, and answers nobody when it is closed', async () => {
    const own = embeddingsOf({ provider: 'local' });
    vectorsOf(await own.embed(['one'], { signal }));
    await own.close();
    expect(await own.embed(['two'], { signal })).toMatchObject({ ok: false, fault: 'provider_error' });
  });

  it('gives an answer up at once where nobody waits for it, and goes on with the next', async () => {
    const patience = new AbortController();
    const given = local.embed(
      Array.from({ length: 100 }, (_, n) => `long text ${n} `.repeat(200)),
      { signal: patience.signal },
    );
    patience.abort();
    expect(await given).toMatchObject({ ok: false, fault: 'timeout', retryable: false });
    expect(await local.embed(['next'], { signal })).toMatchObject({ ok: true });
  });
});

describe('openai', () => {
  const asked = async (answer: EmbeddingAnswer, model?: string) => {
    const server = await embeddingServer(answer);
    onTestFinished(server.close);
    return { outcome: await openai(server.url, model).embed(['alpha one', 'beta two'], { signal }), server };
  };

  it('is asked once, for 1,536 numbers of each text, with the key', async () => {
    const { outcome, server } = await asked(embeds());
    expect(server.requests).toHaveLength(1);
    expect(server.requests[0]).toMatchObject({
      method: 'POST',
      path: '/embeddings',
      headers: { authorization: 'Bearer sk-secret' },
      body: {
        model: 'text-embedding-3-small',
        input: ['alpha one', 'beta two'],
        dimensions: 1_536,
        encoding_format: 'float',
      },
    });
    expect(outcome).toMatchObject({ ok: true, input_tokens: 2_000, cost_micros: 40 });
    const [one, two] = vectorsOf(outcome);
    expect(similarity(one!, two!)).toBe(0);
  });

  it('has a price for the models it is known for, and none for others', async () => {
    expect((await asked(embeds(), 'text-embedding-3-large')).outcome).toMatchObject({ cost_micros: 260 });
    const { outcome, server } = await asked(embeds(), 'of-somebody-else');
    expect(outcome).toMatchObject({ cost_micros: null });
    expect(server.requests[0]?.body).not.toHaveProperty('dimensions');
  });

  it.each([
    [401, null, 'misconfigured', false],
    [400, null, 'invalid_request', false],
    [429, null, 'rate_limited', true],
    [429, 'insufficient_quota', 'rate_limited', false],
    [408, null, 'timeout', true],
    [500, null, 'provider_error', true],
    [503, null, 'provider_error', true],
  ])('that answers %i (%s) is %s, asked once, and not quoted', async (status, code, fault, retryable) => {
    const { outcome, server } = await asked(refuses(status, code));
    expect(outcome).toMatchObject({ ok: false, fault, retryable });
    expect(JSON.stringify(outcome)).not.toContain('sk-secret');
    expect(server.requests).toHaveLength(1);
  });

  it('says when to come again, where it was told', async () => {
    const { outcome } = await asked(refuses(429, null, { 'retry-after-ms': '1500' }));
    expect(outcome).toMatchObject({ fault: 'rate_limited', retry_after_ms: 1_500 });
  });

  it.each<[string, (text: string) => readonly number[]]>([
    ['of other dimensions', () => [1, 0]],
    ['without a direction', () => Array.from({ length: 1_536 }, () => 0)],
  ])('that answers vectors %s has failed', async (_, vectorOf) => {
    expect((await asked(embeds(vectorOf))).outcome).toMatchObject({ ok: false, fault: 'provider_error' });
  });

  it('that breaks off, or answers something else, has failed', async () => {
    const breaksOff: EmbeddingAnswer = (_, response) => void response.destroy();
    expect((await asked(breaksOff)).outcome).toMatchObject({ ok: false, fault: 'provider_error', retryable: true });
    const babbles: EmbeddingAnswer = (_, response) =>
      void response.writeHead(200, { 'content-type': 'application/json' }).end('{"data":');
    expect((await asked(babbles)).outcome).toMatchObject({ ok: false, fault: 'provider_error', retryable: true });
  });

  it('is given up when it takes too long, and when nobody waits any more', async () => {
    const hangs: EmbeddingAnswer = () => undefined;
    const server = await embeddingServer(hangs, hangs);
    onTestFinished(server.close);
    const hasty = embeddingsOf({
      provider: 'openai',
      openai: { api_key: 'k', base_url: server.url, limits: { totalMsMax: 50 } },
    });
    expect(await hasty.embed(['x'], { signal })).toMatchObject({ ok: false, fault: 'timeout', retryable: true });
    const patience = new AbortController();
    const given = openai(server.url).embed(['x'], { signal: patience.signal });
    patience.abort();
    expect(await given).toMatchObject({ ok: false, fault: 'timeout', retryable: false });
  });

  it('without a key or an address says what to set, and asks nobody', async () => {
    expect(await embeddingsOf({ provider: 'openai' }).embed(['x'], { signal })).toMatchObject({
      fault: 'misconfigured',
      message: expect.stringContaining('OPENAI_API_KEY'),
    });
    expect(await openai('nowhere').embed(['x'], { signal })).toMatchObject({ fault: 'misconfigured' });
  });
});
