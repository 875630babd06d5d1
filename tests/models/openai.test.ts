import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openaiModel } from '../../src/adapters/models/openai.ts';
import type { ModelOutcome, ModelRequest } from '../../src/ports.ts';
import type { Body } from '../support/acta.ts';
import { answersIn, modelServer, type Answer, type ModelServer } from '../support/model-server.ts';
import { openaiWire } from '../support/openai-server.ts';

const request: ModelRequest = {
  model: 'gpt-4.1-mini',
  system: '',
  messages: [{ role: 'user', content: 'Pay the ferryman' }],
  max_tokens: 100,
};
const { says, garbles } = answersIn(openaiWire);

let server: ModelServer<Body>;
beforeEach(async () => {
  server = await modelServer({ otherwise: says('OK.') });
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await server.close();
});

const ask = (more: Partial<ModelRequest> = {}): Promise<ModelOutcome> =>
  openaiModel({ api_key: 'k', base_url: `${server.url}/v1/` }).complete(
    { ...request, ...more },
    { signal: new AbortController().signal },
  );
const askAfter = (answer: Answer<Body>, more: Partial<ModelRequest> = {}): Promise<ModelOutcome> => {
  server.next(answer);
  return ask(more);
};

/** A stream of pieces, as a server that knows less of the protocol, or more, would send them. */
const streams = (...pieces: readonly object[]): Answer<Body> =>
  garbles(
    [...pieces, '[DONE]']
      .map((piece) => `data: ${typeof piece === 'string' ? piece : JSON.stringify(piece)}\n\n`)
      .join(''),
  );
const piece = (delta: object, finish_reason: string | null = null) => ({
  model: 'm',
  choices: [{ index: 0, delta, finish_reason }],
});
const used = (usage: object) => ({ model: 'gpt-6-luna', choices: [], usage });

describe('openai is asked', () => {
  it.each([
    ['gpt-4.1-mini', { max_tokens: 100, temperature: 0.5 }],
    ['qwen3-coder', { max_tokens: 100, temperature: 0.5 }],
    ['gpt-6-luna', { max_completion_tokens: 100, reasoning_effort: 'none' }],
    ['gpt-5.4-mini-2026-03-17', { max_completion_tokens: 100, reasoning_effort: 'none' }],
    ['gpt-6.1-sol', { max_completion_tokens: 100 }],
    ['gpt-5', { max_completion_tokens: 100 }],
    ['o3', { max_completion_tokens: 100 }],
  ])('for %s in the words that it takes', async (model, words) => {
    await ask({ model, temperature: 0.5 });
    const { max_tokens, max_completion_tokens, temperature, reasoning_effort } = server.requests[0]?.body ?? {};
    expect(JSON.parse(JSON.stringify({ max_tokens, max_completion_tokens, temperature, reasoning_effort }))).toEqual(
      words,
    );
    expect(server.requests[0]?.body.stream_options).toEqual({ include_usage: true });
  });

  it('by what Acta was told, not by what its client would read in the environment', async () => {
    vi.stubEnv('OPENAI_ORG_ID', 'org-1');
    vi.stubEnv('OPENAI_PROJECT_ID', 'proj-1');
    await ask();
    expect(server.requests[0]?.headers).not.toHaveProperty('openai-organization');
    expect(server.requests[0]?.headers).not.toHaveProperty('openai-project');
  });

  it('over connections that are kept for the calls that follow', async () => {
    for (let n = 0; n < 6; n += 1) await ask();
    expect(new Set(server.requests.map(({ port }) => port)).size).toBeLessThanOrEqual(2);
  });
});

describe('an answer of openai', () => {
  it('tells apart what came from the cache and what went there', async () => {
    const usage = {
      prompt_tokens: 10_000,
      completion_tokens: 200,
      prompt_tokens_details: { cached_tokens: 6_000, cache_write_tokens: 3_000 },
    };
    expect(await askAfter(streams(piece({ content: 'x' }, 'stop'), used(usage)))).toMatchObject({
      reply: {
        usage: { input_tokens: 1_000, output_tokens: 200, cache_read_tokens: 6_000, cache_write_tokens: 3_000 },
        // 1 000 × 0.10 + 6 000 × 0.01 + 3 000 × 0.125 + 200 × 0.50, in millionths of a dollar.
        cost_micros: 635,
      },
    });
  });

  it('costs more where the prompt is long, and by its date no less', async () => {
    const cost = async (model: string, input: number) => {
      const outcome = await askAfter(says('x', { usage: { input, output: 1_000 } }), { model });
      return outcome.ok && outcome.reply.cost_micros;
    };
    expect(await cost('gpt-6-sol', 272_000)).toBe(272_000 * 2 + 10_000);
    expect(await cost('gpt-6-sol', 272_001)).toBe(272_001 * 4 + 15_000);
    expect(await cost('gpt-4o-mini-2024-07-18', 1_000)).toBe(150 + 600);
  });

  it('whose tokens nobody counted has an estimate of them, and no price', async () => {
    expect(await askAfter(streams(piece({ content: 'Done, all of it.' }), piece({}, 'stop')))).toMatchObject({
      reply: { usage: { input_tokens: 4, output_tokens: 4 }, cost_micros: null },
    });
  });

  it('may be a refusal in words, which are kept', async () => {
    const declines = streams(piece({ refusal: 'I will ' }), piece({ refusal: 'not.' }), piece({}, 'stop'));
    expect(await askAfter(declines)).toMatchObject({
      reply: { stop_reason: 'refusal', blocks: [{ type: 'text', text: 'I will not.' }] },
    });
  });

  it('has tool calls even where a server ends with stop, and neither counts nor names them', async () => {
    const calls = (n: number, id: string) => [
      piece({ tool_calls: [{ id, function: { name: 'pay', arguments: '{"n":' } }] }),
      piece({ tool_calls: [{ function: { arguments: `${n}}` } }] }),
    ];
    const answer = streams(...calls(1, ''), piece({}, 'stop'));
    const once = await askAfter(answer);
    expect(once).toMatchObject({ reply: { stop_reason: 'tool_use', blocks: [{ name: 'pay', input: { n: 1 } }] } });
    const again = await askAfter(answer);
    const id = (outcome: ModelOutcome) =>
      outcome.ok && outcome.reply.blocks[0]?.type === 'tool_use' ? outcome.reply.blocks[0].id : '';
    expect(id(once)).toMatch(/^call_[0-9a-f]{24}$/);
    expect(id(again)).toBe(id(once));
    expect(await askAfter(streams(...calls(1, 'a'), ...calls(2, 'b'), piece({}, 'tool_calls')))).toMatchObject({
      reply: {
        blocks: [
          { id: 'a', input: { n: 1 } },
          { id: 'b', input: { n: 2 } },
        ],
      },
    });
  });

  it('with arguments that are not JSON is none', async () => {
    const call = piece({ tool_calls: [{ index: 0, id: 'a', function: { name: 'pay', arguments: '{"n":' } }] });
    expect(await askAfter(streams(call, piece({}, 'tool_calls')))).toMatchObject({
      fault: 'provider_error',
      message: 'the answer was not what the protocol says',
    });
  });
});

describe('a call of openai that fails', () => {
  const errorOf = (error: object, status = 0, headers: Readonly<Record<string, string>> = {}): Answer<Body> =>
    status === 0
      ? streams(piece({ content: 'so far' }), { error })
      : (_, response) =>
          void response
            .writeHead(status, { 'content-type': 'application/json', 'x-request-id': 'req_test', ...headers })
            .end(JSON.stringify({ error }));

  it.each([
    [{ type: 'server_error' }, 'provider_error', true],
    [{ type: 'something_new' }, 'provider_error', true],
    [{ type: 'requests', code: 'rate_limit_exceeded' }, 'provider_error', true],
    [{ type: 'insufficient_quota', code: 'insufficient_quota' }, 'provider_error', false],
    [{ type: 'invalid_request_error', code: 'context_length_exceeded' }, 'invalid_request', false],
    [{ type: 'invalid_request_error', code: 'invalid_api_key' }, 'misconfigured', false],
  ])('inside a stream that began well with %j is a %s', async (error, fault, retryable) => {
    expect(await askAfter(errorOf({ message: 'no', ...error }))).toMatchObject({ ok: false, fault, retryable });
  });

  it('is not worth repeating when money has run out, unless a time is named', async () => {
    const spent = { message: 'no', type: 'insufficient_quota', code: 'insufficient_quota' };
    expect(await askAfter(errorOf(spent, 429))).toMatchObject({ fault: 'provider_error', retryable: false });
    expect(await askAfter(errorOf(spent, 429, { 'retry-after': '60' }))).toMatchObject({
      retryable: true,
      retry_after_ms: 60_000,
    });
  });

  it('is told with its code and the id of the request', async () => {
    const unknown = { message: 'The model `m` does not exist', type: 'invalid_request_error', code: 'model_not_found' };
    expect(await askAfter(errorOf(unknown, 404))).toMatchObject({
      fault: 'invalid_request',
      message:
        'openai answered 404 invalid_request_error model_not_found: The model `m` does not exist (request req_test)',
    });
  });

  it('heeds what the provider says of repeating', async () => {
    const error = { message: 'no', type: 'x' };
    expect(await askAfter(errorOf(error, 500, { 'x-should-retry': 'false' }))).toMatchObject({ retryable: false });
    expect(await askAfter(errorOf(error, 400, { 'x-should-retry': 'true' }))).toMatchObject({ retryable: true });
  });
});
