import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { anthropicModel } from '../../src/adapters/models/anthropic.ts';
import type { ProviderOptions } from '../../src/adapters/models/provider.options.ts';
import type { ModelOutcome, ModelRequest } from '../../src/ports.ts';
import {
  anthropicServer,
  cutAfter,
  fails,
  failsLate,
  garbles,
  hangs,
  hangsAfter,
  messageFrames,
  neverEnds,
  refuses,
  says,
  stopsShort,
  type AnthropicServer,
  type Answer,
} from '../support/anthropic-server.ts';

const secret = 'sk-ant-test-0123456789';
const request: ModelRequest = {
  model: 'claude-sonnet-5',
  system: 'You are Iris, and nobody else knows it.',
  messages: [{ role: 'user', content: 'Where is the harbour of Lindisfarne?' }],
  max_tokens: 512,
};
const tools: ModelRequest['tools'] = [
  { name: 'fs.read', description: 'reads', input_schema: { type: 'object', properties: {} } },
  { name: 'fs_read', description: 'reads too', input_schema: { type: 'object' } },
];

let server: AnthropicServer;
beforeEach(async () => {
  server = await anthropicServer();
});
afterEach(() => server.close());

const ask = (
  options: ProviderOptions = {},
  more: Partial<ModelRequest> = {},
  call: { readonly signal?: AbortSignal; readonly onText?: (delta: string) => void } = {},
): Promise<ModelOutcome> =>
  anthropicModel({ api_key: secret, base_url: server.url, ...options }).complete(
    { ...request, ...more },
    { signal: new AbortController().signal, ...call },
  );

const askAfter = (answer: Answer, options: ProviderOptions = {}, more: Partial<ModelRequest> = {}) => {
  server.next(answer);
  return ask(options, more);
};

describe('the anthropic model, on the wire', () => {
  it('asks for a stream, with the key in one header and nowhere else', async () => {
    await ask();
    const [seen] = server.requests;
    expect(seen).toMatchObject({
      method: 'POST',
      path: '/v1/messages',
      body: {
        model: 'claude-sonnet-5',
        max_tokens: 512,
        stream: true,
        system: request.system,
        messages: request.messages,
      },
    });
    expect(seen?.headers['anthropic-version']).toMatch(/^\d{4}-\d\d-\d\d$/);
    const { authorization, ...others } = seen?.headers ?? {};
    expect(authorization).toBe(`Bearer ${secret}`);
    expect(JSON.stringify([others, seen?.path, seen?.body])).not.toContain(secret);
  });

  it('leaves out what was not asked for', async () => {
    await ask({}, { system: '' });
    expect(Object.keys(server.requests[0]?.body ?? {}).toSorted()).toEqual([
      'max_tokens',
      'messages',
      'model',
      'stream',
    ]);
  });

  it('sends a temperature only to models that take one', async () => {
    await ask({}, { temperature: 0.5, model: 'claude-haiku-4-5' });
    await ask({}, { temperature: 0.5, model: 'claude-sonnet-5' });
    expect(server.requests.map(({ body }) => body.temperature)).toEqual([0.5, undefined]);
  });

  it('uses its default model where none is named', async () => {
    await ask({}, { model: '' });
    await ask({ default_model: 'claude-opus-5-5' }, { model: '' });
    expect(server.requests.map(({ body }) => body.model)).toEqual(['claude-sonnet-5', 'claude-opus-5-5']);
  });

  it('keeps its connections for the calls that follow', async () => {
    // The end of the stream comes a little after the end of the message, as it does over a real distance.
    const late: Answer = ({ body }, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(messageFrames('x', {}, body.model).join(''));
      setTimeout(() => response.end(), 5);
    };
    for (let n = 0; n < 6; n += 1) await askAfter(late);
    expect(new Set(server.requests.map(({ port }) => port)).size).toBeLessThanOrEqual(2);
  });
});

describe('an answer of the anthropic model', () => {
  it('is streamed as it comes, and told whole at the end', async () => {
    server.next(says('Off the coast of Northumberland.', { chunks: 4 }));
    const heard: string[] = [];
    const outcome = await ask({}, {}, { onText: (delta) => void heard.push(delta) });
    expect(heard).toHaveLength(4);
    expect(outcome).toMatchObject({
      ok: true,
      reply: {
        provider: 'anthropic',
        is_language_model: true,
        model: 'claude-sonnet-5',
        blocks: [{ type: 'text', text: 'Off the coast of Northumberland.' }],
        stop_reason: 'end_turn',
      },
    });
    expect(heard.join('')).toBe('Off the coast of Northumberland.');
  });

  it('counts tokens, cached ones too, and their price in micro-dollars', async () => {
    const usage = {
      input_tokens: 1_000,
      output_tokens: 200,
      cache_read_input_tokens: 50_000,
      cache_creation_input_tokens: 4_000,
    };
    expect(await askAfter(says('x', { usage }))).toMatchObject({
      reply: {
        usage: { input_tokens: 1_000, output_tokens: 200, cache_read_tokens: 50_000, cache_write_tokens: 4_000 },
        // 1 000 × 2 + 200 × 10 + 50 000 × 0.20 + 4 000 × 2.50, in millionths of a dollar.
        cost_micros: 24_000,
      },
    });
  });

  it('costs more where a long prompt has a price of its own, and nothing is made up for an unknown model', async () => {
    const usage = { input_tokens: 100_001, output_tokens: 1 };
    const long = await askAfter(says('x', { usage }), {}, { model: 'claude-haiku-5-5' });
    const dated = await askAfter(says('x', { usage }), {}, { model: 'claude-haiku-4-5-20251001' });
    const unknown = await askAfter(says('x', { usage }), {}, { model: 'claude-next' });
    expect([long, dated, unknown].map((outcome) => outcome.ok && outcome.reply.cost_micros)).toEqual([
      50_003,
      100_006,
      null,
    ]);
  });

  it('keeps the calls of tools, under their own names', async () => {
    const calls = [
      { id: 'a', name: 'fs_read', input: { path: 'ü.txt' } },
      { id: 'b', name: 'fs_read_2', input: {} },
      { id: 'c', name: 'unheard_of', input: { n: 1 } },
    ];
    expect(await askAfter(says('Let me see.', { tools: calls }), {}, { tools })).toMatchObject({
      reply: {
        stop_reason: 'tool_use',
        blocks: [
          { type: 'text', text: 'Let me see.' },
          { type: 'tool_use', id: 'a', name: 'fs.read', input: { path: 'ü.txt' } },
          { type: 'tool_use', id: 'b', name: 'fs_read', input: {} },
          { type: 'tool_use', id: 'c', name: 'unheard_of', input: { n: 1 } },
        ],
      },
    });
    expect(server.requests[0]?.body.tools?.map(({ name }) => name)).toEqual(['fs_read', 'fs_read_2']);
  });

  it('gives no tool call of a message that was cut short by its length', async () => {
    const cut = says('Half', { tools: [{ name: 'fs_read', input: {} }], stop_reason: 'max_tokens' });
    expect(await askAfter(cut)).toMatchObject({
      reply: { stop_reason: 'max_tokens', blocks: [{ type: 'text', text: 'Half' }] },
    });
  });

  it('may be a refusal', async () => {
    expect(await askAfter(refuses())).toMatchObject({ ok: true, reply: { stop_reason: 'refusal', blocks: [] } });
  });

  it('names a reason it does not know as other', async () => {
    expect(await askAfter(says('x', { stop_reason: 'pause_turn' }))).toMatchObject({ reply: { stop_reason: 'other' } });
  });
});

describe('a call that fails', () => {
  it.each([
    [400, 'invalid_request', false],
    [401, 'misconfigured', false],
    [402, 'provider_error', false],
    [403, 'misconfigured', false],
    [404, 'invalid_request', false],
    [408, 'timeout', true],
    [409, 'provider_error', true],
    [413, 'invalid_request', false],
    [422, 'invalid_request', false],
    [429, 'provider_error', true],
    [500, 'provider_error', true],
    [503, 'provider_error', true],
    [529, 'provider_error', true],
    [307, 'provider_error', false],
  ])('with status %i is a %s', async (status, fault, retryable) => {
    expect(await askAfter(fails(status))).toMatchObject({ ok: false, fault, retryable });
    expect(server.requests).toHaveLength(1);
  });

  it.each([
    ['overloaded_error', 'provider_error', true],
    ['rate_limit_error', 'provider_error', true],
    ['api_error', 'provider_error', true],
    ['timeout_error', 'timeout', true],
    ['invalid_request_error', 'invalid_request', false],
    ['authentication_error', 'misconfigured', false],
    ['something_new', 'provider_error', true],
  ])('inside a stream that began well with %s is a %s', async (type, fault, retryable) => {
    expect(await askAfter(failsLate(type, 'so far'))).toMatchObject({ ok: false, fault, retryable });
  });

  it.each([
    [{ 'retry-after': '7' }, 7_000],
    [{ 'retry-after': '0.25' }, 250],
    [{ 'retry-after-ms': '125', 'retry-after': '7' }, 125],
    [{ 'retry-after': '99999999' }, 24 * 3_600_000],
  ])('says how long the provider wants to be left alone (%j)', async (headers, retry_after_ms) => {
    const outcome = await askAfter(fails(429, { type: 'rate_limit_error' }, headers));
    expect(outcome).toMatchObject({ fault: 'provider_error', retryable: true, retry_after_ms });
  });

  it('reads a date as the time to wait until', async () => {
    const until = new Date(Date.now() + 60_000).toUTCString();
    const outcome = await askAfter(fails(503, { type: 'api_error' }, { 'retry-after': until }));
    const waited = outcome.ok ? 0 : (outcome.retry_after_ms ?? 0);
    expect(waited).toBeGreaterThan(50_000);
    expect(waited).toBeLessThanOrEqual(60_000);
  });

  it('says nothing of a time the provider did not name', async () => {
    expect(await askAfter(fails(429, { type: 'rate_limit_error' }, { 'retry-after': 'soon' }))).not.toHaveProperty(
      'retry_after_ms',
    );
  });

  it('is not worth repeating when money has run out, unless a time is named', async () => {
    const spent = { type: 'rate_limit_error', error_code: 'enforced_spend_limit_reached' };
    expect(await askAfter(fails(429, spent))).toMatchObject({ fault: 'provider_error', retryable: false });
    expect(await askAfter(fails(429, spent, { 'retry-after': '60' }))).toMatchObject({
      retryable: true,
      retry_after_ms: 60_000,
    });
  });

  it('heeds what the provider says of repeating', async () => {
    const told = (answer: string) => fails(answer === 'true' ? 400 : 500, { type: 'x' }, { 'x-should-retry': answer });
    expect(await askAfter(told('true'))).toMatchObject({ fault: 'invalid_request', retryable: true });
    expect(await askAfter(told('false'))).toMatchObject({ fault: 'provider_error', retryable: false });
  });

  it('passes on the reason, but never the key and never the prompt', async () => {
    const why = async (message: string, status = 400, more: Partial<ModelRequest> = {}): Promise<string> => {
      const outcome = await askAfter(fails(status, { type: 'invalid_request_error', message }), {}, more);
      return outcome.ok ? '' : outcome.message;
    };
    expect(await why('max_tokens: 512 is too many')).toContain('max_tokens: 512 is too many');
    expect(await why('max_tokens: 512 is too many')).toContain('req_test');
    expect(await why(`bad key ${secret}`)).not.toContain(secret);
    expect(await why(`bad key ${secret}`, 401)).not.toContain(secret);
    expect(await why('you asked "Where is the harbour of Lindisfarne?"')).not.toContain('harbour');
    const pin = { messages: [{ role: 'user', content: 'pin 4711' }] } as const;
    expect(await why('messages.0: "pin 4711" is odd', 400, pin)).not.toContain('4711');
    expect(await why('what you said there, harbour of Lindisfarne, is not')).not.toContain('harbour');
    expect((await why('x'.repeat(5_000))).length).toBeLessThan(500);
  });

  it('takes no prompt to where a redirect points', async () => {
    const elsewhere = await anthropicServer();
    const outcome = await askAfter(fails(307, { type: 'x' }, { location: `${elsewhere.url}/v1/messages` }));
    await elsewhere.close();
    expect(outcome).toMatchObject({ fault: 'provider_error', retryable: false });
    expect(elsewhere.requests).toEqual([]);
  });

  it('because nobody listens is worth repeating', async () => {
    const { url, close } = await anthropicServer();
    await close();
    expect(await ask({ base_url: url })).toMatchObject({
      fault: 'provider_error',
      retryable: true,
      message: expect.stringContaining('ECONNREFUSED') as string,
    });
  });

  it('in the middle of its stream returns nothing of it, and no tool call', async () => {
    const options = { tools: [{ name: 'pay', input: { to: 'x' } }] };
    const whole = messageFrames('Paying.', options, 'claude-sonnet-5').join('').length;
    for (const bytes of [200, Math.floor(whole / 2), whole - 60]) {
      const outcome = await askAfter(cutAfter(bytes, 'Paying.', options));
      expect(outcome).toMatchObject({ ok: false, fault: 'provider_error', retryable: true });
    }
  });

  it('is one even when a stream without its end was closed in good order', async () => {
    expect(await askAfter(stopsShort('So far', { tools: [{ name: 'pay', input: {} }] }))).toMatchObject({
      fault: 'provider_error',
      retryable: true,
      message: 'the answer broke off after 6 characters',
    });
  });

  it.each([
    ['malformed JSON', 'event: message_start\ndata: {"type":\n\n'],
    ['an event that is not an object', 'event: message_start\ndata: null\n\n'],
    ['an event of the wrong shape', 'event: message_start\ndata: {"type":"message_start","message":3}\n\n'],
    [
      'tool arguments that are not JSON',
      messageFrames('', { tools: [{ name: 't', input: { n: 1 } }] }, 'm')
        .join('')
        .replaceAll('\\"n\\"', 'n'),
    ],
  ])('by %s is the provider’s error', async (_, body) => {
    expect(await askAfter(garbles(body))).toMatchObject({
      fault: 'provider_error',
      retryable: true,
      message: 'the answer was not what the protocol says',
    });
  });

  it('with a page instead of an error is still understood', async () => {
    const page: Answer = (_, response) => void response.writeHead(502).end('<html>Bad gateway</html>'.repeat(10_000));
    expect(await askAfter(page)).toMatchObject({ fault: 'provider_error', retryable: true });
  });
});

describe('a call that takes too long', () => {
  const everybodyLeft = () => vi.waitFor(() => expect(server.requests.every(({ left }) => left)).toBe(true), 5_000);

  it('ends when no byte has come in time', async () => {
    const outcome = await askAfter(hangs(), { limits: { firstByteMsMax: 30 } });
    expect(outcome).toMatchObject({ fault: 'timeout', retryable: true, message: 'no byte of an answer within 30 ms' });
    await everybodyLeft();
  });

  it('ends when the answer is not complete in time', async () => {
    const outcome = await askAfter(hangsAfter('so far'), { limits: { totalMsMax: 300 } });
    expect(outcome).toMatchObject({ fault: 'timeout', retryable: true });
    await everybodyLeft();
  });

  it('ends at once when the caller has had enough, and is then not repeated', async () => {
    for (const answer of [hangs(), hangsAfter('so far')]) {
      const controller = new AbortController();
      server.next(answer);
      const pending = ask({}, {}, { signal: controller.signal });
      const asked = server.requests.length + 1;
      await vi.waitFor(() => expect(server.requests).toHaveLength(asked), 5_000);
      controller.abort();
      expect(await pending).toMatchObject({ fault: 'timeout', retryable: false });
      await everybodyLeft();
    }
  });

  it('is cut at the limit of its length, and the connection closed', async () => {
    const outcome = await askAfter(neverEnds(), { limits: { answerBytesMax: 200_000 } });
    expect(outcome).toMatchObject({
      fault: 'provider_error',
      retryable: false,
      message: 'the answer was cut off at 200000 bytes',
    });
    await everybodyLeft();
  });

  it('is cut at the limit of the wire when what comes is no answer at all', async () => {
    const flood: Answer = (seen, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const pour = (): void => void (seen.left || response.write('x'.repeat(64_000), () => pour()));
      pour();
    };
    expect(await askAfter(flood, { limits: { wireBytesMax: 500_000 } })).toMatchObject({ fault: 'provider_error' });
    await everybodyLeft();
  });
});
