import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { CallLimits } from '../../src/adapters/models/call.watch.ts';
import type { ModelOutcome, ModelRequest } from '../../src/ports.ts';
import { answersIn, modelServer, type Answer, type ModelServer } from '../support/model-server.ts';
import { secret, type Dialect } from './provider.dialects.ts';

const request: ModelRequest = {
  model: 'model-1',
  system: 'You are Iris, and nobody else knows it.',
  messages: [{ role: 'user', content: 'Where is the harbour of Lindisfarne?' }],
  max_tokens: 512,
};
const schema = { type: 'object', properties: { path: { type: 'string' } } };
const tools = [
  { name: 'fs.read', description: 'reads', input_schema: schema },
  { name: 'fs_read', description: 'reads too', input_schema: schema },
];
/** A talk in which tools were called: one answered, one failed. */
const talk: ModelRequest['messages'] = [
  { role: 'user', content: 'Read it' },
  {
    role: 'assistant',
    content: [
      { type: 'text', text: 'Let me see.' },
      { type: 'tool_use', id: 'a', name: 'fs.read', input: { path: 'ü.txt' } },
      { type: 'tool_use', id: 'b', name: 'fs_read', input: {} },
    ],
  },
  {
    role: 'user',
    content: [
      { type: 'tool_result', tool_use_id: 'a', name: 'fs.read', content: 'high water', is_error: false },
      { type: 'tool_result', tool_use_id: 'b', name: 'fs_read', content: 'no such file', is_error: true },
    ],
  },
];

interface Call {
  readonly more?: Partial<ModelRequest>;
  readonly limits?: Partial<CallLimits>;
  readonly signal?: AbortSignal;
  readonly onText?: (delta: string) => void;
}

/** What every provider does at the wire, in its own protocol. What one of them cannot do is said in its dialect. */
export const providerBehaviour = (dialect: Dialect): void => {
  const { says, fails, failsLate, cutAt, stopsShort, garbles, hangs, hangsAfter, neverEnds } = answersIn(dialect.wire);
  let server: ModelServer;
  beforeEach(async () => {
    server = await modelServer({ otherwise: says('OK.') });
  });
  afterEach(() => server.close());

  const ask = ({ more = {}, limits = {}, signal, onText }: Call = {}): Promise<ModelOutcome> =>
    dialect
      .model({ base_url: server.url, limits })
      .complete(
        { ...request, ...more },
        { signal: signal ?? new AbortController().signal, ...(onText === undefined ? {} : { onText }) },
      );
  const askAfter = (answer: Answer, call: Call = {}): Promise<ModelOutcome> => {
    server.next(answer);
    return ask(call);
  };
  const heard = (place = 0) => dialect.heard(server.requests[place]?.body);
  const everybodyLeft = () => vi.waitFor(() => expect(server.requests.every(({ left }) => left)).toBe(true), 5_000);

  describe(`${dialect.provider} is asked`, () => {
    it('for a stream, with what was asked for and nothing else', async () => {
      await ask();
      expect(server.requests[0]).toMatchObject({ method: 'POST', path: dialect.path, body: { model: 'model-1' } });
      expect(heard()).toEqual({
        system: request.system,
        tokens_max: 512,
        stream: true,
        talk: [{ role: 'user', text: 'Where is the harbour of Lindisfarne?' }],
        tools: [],
      });
      await ask({ more: { system: '' } });
      expect(heard(1).system).toBe('');
    });

    const { key } = dialect;
    const shown = 'none' in key ? `no key, for ${key.none}` : 'the key in one header, and nowhere else';
    it(`with ${shown}`, async () => {
      await ask();
      const [seen] = server.requests;
      const { authorization, ...others } = seen?.headers ?? {};
      expect(authorization).toBe('none' in key ? undefined : key.value);
      expect(JSON.stringify([others, seen?.path, seen?.body])).not.toContain(secret);
    });

    it('for its own model where none is named', async () => {
      await ask({ more: { model: '' } });
      await dialect
        .model({ base_url: server.url, default_model: 'model-2' })
        .complete({ ...request, model: '' }, { signal: new AbortController().signal });
      expect(server.requests.map(({ body }) => body.model)).toEqual([dialect.default_model, 'model-2']);
    });

    it('with tools under names that it takes, and with what became of their calls', async () => {
      await ask({ more: { messages: talk, tools } });
      expect(heard().tools).toEqual([
        { name: 'fs_read', schema },
        { name: 'fs_read_2', schema },
      ]);
      expect(heard().talk).toEqual([
        { role: 'user', text: 'Read it' },
        { role: 'assistant', text: 'Let me see.' },
        { calls: 'fs_read', id: 'a', input: { path: 'ü.txt' } },
        { calls: 'fs_read_2', id: 'b', input: {} },
        { answers: 'a', text: 'high water', failed: false },
        { answers: 'b', text: 'no such file', failed: true },
      ]);
    });
  });

  describe(`an answer of ${dialect.provider}`, () => {
    it('is streamed as it comes, and told whole at the end', async () => {
      const deltas: string[] = [];
      const call = { onText: (delta: string) => void deltas.push(delta) };
      const outcome = await askAfter(says('Off the coast of Northumberland, ü.', { chunks: 4 }), call);
      expect(deltas).toHaveLength(4);
      expect(deltas.join('')).toBe('Off the coast of Northumberland, ü.');
      expect(outcome).toMatchObject({
        ok: true,
        reply: {
          provider: dialect.provider,
          is_language_model: true,
          model: 'model-1',
          blocks: [{ type: 'text', text: 'Off the coast of Northumberland, ü.' }],
          stop_reason: 'end_turn',
        },
      });
    });

    it('counts tokens, and their price in micro-dollars where there is one', async () => {
      const answer = says('x', { usage: { input: 1_000, output: 200 } });
      const { model, cost_micros } = dialect.priced;
      const usage = { input_tokens: 1_000, output_tokens: 200, cache_read_tokens: 0, cache_write_tokens: 0 };
      expect(await askAfter(answer, { more: { model } })).toMatchObject({ reply: { usage, cost_micros } });
      expect(await askAfter(answer, { more: { model: 'nobody-knows' } })).toMatchObject({
        reply: { usage, cost_micros: dialect.unpriced },
      });
    });

    it('keeps the calls of tools, under their own names', async () => {
      const calls = [
        { id: 'a', name: 'fs_read', input: { path: 'ü.txt', n: [1, null] } },
        { id: 'b', name: 'fs_read_2', input: {} },
        { id: 'c', name: 'unheard_of', input: { n: 1 } },
      ];
      expect(await askAfter(says('Let me see.', { tools: calls }), { more: { tools } })).toMatchObject({
        reply: {
          stop_reason: 'tool_use',
          blocks: [
            { type: 'text', text: 'Let me see.' },
            { type: 'tool_use', id: 'a', name: 'fs.read', input: { path: 'ü.txt', n: [1, null] } },
            { type: 'tool_use', id: 'b', name: 'fs_read', input: {} },
            { type: 'tool_use', id: 'c', name: 'unheard_of', input: { n: 1 } },
          ],
        },
      });
    });

    it('that ends for want of tokens has no tool calls', async () => {
      const answer = says('Pay', { tools: [{ name: 'pay', input: { to: 'x' } }], stop: 'length' });
      expect(await askAfter(answer)).toMatchObject({
        reply: { stop_reason: 'max_tokens', blocks: [{ type: 'text', text: 'Pay' }] },
      });
    });

    const { refusal } = dialect;
    const marked = 'none' in refusal ? `not marked, for ${refusal.none}` : 'marked as one';
    it(`that is a refusal is ${marked}`, async () => {
      const stop_reason = 'none' in refusal ? 'end_turn' : refusal.stop_reason;
      expect(await askAfter(says('No.', { stop: 'refusal' }))).toMatchObject({ ok: true, reply: { stop_reason } });
    });

    it('names a reason that nobody knows as other', async () => {
      expect(await askAfter(says('x', { stop: 'unheard_of' }))).toMatchObject({ reply: { stop_reason: 'other' } });
    });
  });

  describe(`a call of ${dialect.provider} that fails`, () => {
    it.each([
      [400, 'invalid_request', false],
      [401, 'misconfigured', false],
      [402, 'provider_error', false],
      [403, 'misconfigured', false],
      [404, 'invalid_request', false],
      [408, 'timeout', true],
      [413, 'invalid_request', false],
      [429, 'provider_error', true],
      [500, 'provider_error', true],
      [503, 'provider_error', true],
      [529, 'provider_error', true],
    ])('with status %i is a %s, and is asked once', async (status, fault, retryable) => {
      expect(await askAfter(fails(status))).toMatchObject({ ok: false, fault, retryable });
      expect(server.requests).toHaveLength(1);
    });

    it.each([
      [{ 'retry-after': '7' }, 7_000],
      [{ 'retry-after-ms': '125', 'retry-after': '7' }, 125],
      [{ 'retry-after': '99999999' }, 24 * 3_600_000],
      [{ 'retry-after': 'soon' }, undefined],
    ])('says how long it wants to be left alone (%j)', async (headers, retry_after_ms) => {
      const outcome = await askAfter(fails(429, 'slowly', headers));
      expect(outcome).toMatchObject({ fault: 'provider_error', retryable: true });
      expect(outcome.ok ? undefined : outcome.retry_after_ms).toBe(retry_after_ms);
    });

    it.each(['prompt is too long: 200001 tokens > 200000 maximum', 'the model is not there'])(
      'passes on why (%s)',
      async (reason) => {
        expect(await askAfter(fails(404, reason))).toMatchObject({
          fault: 'invalid_request',
          retryable: false,
          message: expect.stringContaining(reason) as string,
        });
      },
    );

    it('passes on neither the prompt nor the key', async () => {
      const why = async (reason: string, status = 400): Promise<string> => {
        const outcome = await askAfter(fails(status, reason));
        return outcome.ok ? '' : outcome.message;
      };
      expect(await why('you asked "Where is the harbour of Lindisfarne?"')).not.toContain('harbour');
      if (!('none' in dialect.key)) expect(await why(`bad key ${secret}`)).not.toContain(secret);
      expect(await why(`bad key ${secret}`, 401)).not.toContain(secret);
      expect((await why('x'.repeat(5_000))).length).toBeLessThan(500);
    });

    it('after it began well is no answer', async () => {
      expect(await askAfter(failsLate('so far'))).toMatchObject({
        ok: false,
        fault: 'provider_error',
        retryable: true,
      });
    });

    it('takes no prompt to where a redirect points', async () => {
      const elsewhere = await modelServer({ otherwise: says('OK.') });
      const outcome = await askAfter(fails(307, 'x', { location: `${elsewhere.url}${dialect.path}` }));
      await elsewhere.close();
      expect(outcome).toMatchObject({ fault: 'provider_error', retryable: false });
      expect(elsewhere.requests).toEqual([]);
    });

    it('because nobody listens is worth repeating', async () => {
      const gone = await modelServer({ otherwise: says('OK.') });
      await gone.close();
      const { signal } = new AbortController();
      expect(await dialect.model({ base_url: gone.url }).complete(request, { signal })).toMatchObject({
        fault: 'provider_error',
        retryable: true,
        message: expect.stringContaining('ECONNREFUSED') as string,
      });
    });

    it('in the middle of its stream returns nothing of it, and no tool call', async () => {
      for (const part of [0.3, 0.6, 1]) {
        const outcome = await askAfter(cutAt(part, 'Paying.', { tools: [{ name: 'pay', input: { to: 'x' } }] }));
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

    it.each(dialect.malformed)('by %s is the provider’s error, and nothing of it is logged', async (_, bytes) => {
      const logged = (['error', 'warn', 'info', 'log', 'debug'] as const).map((level) => vi.spyOn(console, level));
      expect(await askAfter(garbles(bytes))).toMatchObject({
        fault: 'provider_error',
        retryable: true,
        message: 'the answer was not what the protocol says',
      });
      for (const spy of logged) {
        expect(spy).not.toHaveBeenCalled();
        spy.mockRestore();
      }
    });

    it('with a page instead of an error is still understood', async () => {
      const page: Answer = (_, response) => void response.writeHead(502).end('<html>Bad gateway</html>'.repeat(10_000));
      expect(await askAfter(page)).toMatchObject({ fault: 'provider_error', retryable: true });
    });
  });

  describe(`a call of ${dialect.provider} that takes too long`, () => {
    it('ends when no byte has come in time', async () => {
      const outcome = await askAfter(hangs(), { limits: { firstByteMsMax: 30 } });
      expect(outcome).toMatchObject({
        fault: 'timeout',
        retryable: true,
        message: 'no byte of an answer within 30 ms',
      });
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
        const asked = server.requests.length + 1;
        const pending = askAfter(answer, { signal: controller.signal });
        await vi.waitFor(() => expect(server.requests).toHaveLength(asked), 5_000);
        controller.abort();
        expect(await pending).toMatchObject({ fault: 'timeout', retryable: false });
        await everybodyLeft();
      }
    });

    it('is cut at the limit of its length, and the connection closed', async () => {
      expect(await askAfter(neverEnds(), { limits: { answerBytesMax: 200_000 } })).toMatchObject({
        fault: 'provider_error',
        retryable: false,
        message: 'the answer was cut off at 200000 bytes',
      });
      await everybodyLeft();
    });

    it('is cut when what comes is no answer at all', async () => {
      const flood: Answer = (seen, response) => {
        response.writeHead(200, { 'content-type': dialect.wire.media_type });
        const pour = (): void => void (seen.left || response.write('x'.repeat(64_000), () => pour()));
        pour();
      };
      expect(await askAfter(flood, { limits: { wireBytesMax: 500_000 } })).toMatchObject({ fault: 'provider_error' });
      await everybodyLeft();
    });
  });
};
