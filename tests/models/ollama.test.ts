import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { jsonLines, lineBytesMax } from '../../src/adapters/models/ollama.lines.ts';
import { ollamaModel } from '../../src/adapters/models/ollama.ts';
import type { ModelOutcome, ModelRequest } from '../../src/ports.ts';
import type { Body } from '../support/acta.ts';
import { answersIn, modelServer, type Answer, type ModelServer } from '../support/model-server.ts';
import { ollamaWire } from '../support/ollama-server.ts';

const request: ModelRequest = {
  model: 'qwen3',
  system: '',
  messages: [{ role: 'user', content: 'Pay the ferryman' }],
  max_tokens: 100,
};
const { says, fails, failsLate, garbles } = answersIn(ollamaWire);

let server: ModelServer<Body>;
beforeEach(async () => {
  server = await modelServer({ otherwise: says('OK.') });
});
afterEach(() => server.close());

const ask = (more: Partial<ModelRequest> = {}): Promise<ModelOutcome> =>
  ollamaModel({ base_url: `${server.url}/` }).complete(
    { ...request, ...more },
    { signal: new AbortController().signal },
  );
const askAfter = (answer: Answer<Body>, more: Partial<ModelRequest> = {}): Promise<ModelOutcome> => {
  server.next(answer);
  return ask(more);
};
const lines = (...pieces: readonly object[]): string => pieces.map((piece) => `${JSON.stringify(piece)}\n`).join('');
const said = (content: string) => ({ model: 'qwen3', message: { role: 'assistant', content }, done: false });
const done = { model: 'qwen3', message: { role: 'assistant', content: '' }, done: true };

describe('ollama is asked', () => {
  it('to refuse a talk that does not fit, where it would leave out its beginning', async () => {
    await ask();
    expect(server.requests[0]).toMatchObject({ path: '/api/chat', body: { truncate: false, shift: false } });
  });

  it('for at most so many tokens, and with a temperature where there is one', async () => {
    await ask();
    await ask({ temperature: 0 });
    expect(server.requests.map(({ body }) => body.options)).toEqual([
      { num_predict: 100 },
      { num_predict: 100, temperature: 0 },
    ]);
  });

  it('with the name of the tool that answers, by which older servers know it', async () => {
    const content = [
      { type: 'tool_result', tool_use_id: 'a', name: 'fs.read', content: 'x', is_error: false },
    ] as const;
    const tools = [{ name: 'fs.read', description: '', input_schema: {} }];
    await ask({ messages: [...request.messages, { role: 'user', content }], tools });
    expect(server.requests[0]?.body.messages.at(-1)).toEqual({
      role: 'tool',
      tool_name: 'fs_read',
      tool_call_id: 'a',
      content: 'x',
    });
  });
});

describe('an answer of ollama', () => {
  it('may come in pieces that end anywhere, and without a last end of line', async () => {
    const whole = Buffer.from(lines(said('über '), said('dem Fährmann'), done).trimEnd());
    async function* trickle(): AsyncGenerator<Uint8Array> {
      for (const byte of whole) yield await Promise.resolve(Buffer.of(byte));
    }
    const read: unknown[] = [];
    for await (const line of jsonLines(trickle())) read.push(line);
    expect(read).toEqual([said('über '), said('dem Fährmann'), done]);
    expect(await askAfter(garbles(whole.toString()))).toMatchObject({
      reply: { blocks: [{ type: 'text', text: 'über dem Fährmann' }], stop_reason: 'end_turn' },
    });
  });

  it('says nothing of what the model thinks', async () => {
    const thought = { model: 'qwen3', message: { role: 'assistant', content: '', thinking: 'Hm.' }, done: false };
    expect(await askAfter(garbles(lines(thought, said('Yes.'), done)))).toMatchObject({
      reply: { blocks: [{ type: 'text', text: 'Yes.' }] },
    });
  });

  it('whose tokens an older server does not count has an estimate of them', async () => {
    expect(await askAfter(garbles(lines(said('Done, all of it.'), { ...done, eval_count: 9 })))).toMatchObject({
      reply: { usage: { input_tokens: 4, output_tokens: 9 }, cost_micros: 0 },
    });
  });

  it('gives calls that have no id one that is always the same', async () => {
    const calls = says('', {
      tools: [
        { name: 'pay', input: { n: 1 } },
        { name: 'pay', input: { n: 1 } },
      ],
    });
    const ids = async () => {
      const outcome = await askAfter(calls);
      return outcome.ok ? outcome.reply.blocks.map((block) => (block.type === 'tool_use' ? block.id : '')) : [];
    };
    const first = await ids();
    expect(first).toEqual([expect.stringMatching(/^call_/), expect.stringMatching(/^call_/)]);
    expect(new Set(first).size).toBe(2);
    expect(await ids()).toEqual(first);
  });

  it('with a line that is too long is none', async () => {
    expect(await askAfter(garbles(lines(said('x'.repeat(lineBytesMax + 100_000)), done)))).toMatchObject({
      fault: 'provider_error',
      message: 'the answer was not what the protocol says',
    });
  });

  it('with arguments that no event can hold is none', async () => {
    const call = { function: { name: 'pay', arguments: { to: '\ud800' } } };
    const wants = { model: 'qwen3', message: { role: 'assistant', content: '', tool_calls: [call] }, done: false };
    expect(await askAfter(garbles(lines(wants, done)))).toMatchObject({
      fault: 'provider_error',
      message: 'the answer was not what the protocol says',
    });
  });
});

describe('a call of ollama that fails', () => {
  it('is told in the words of the server', async () => {
    expect(await askAfter(fails(404, "model 'qwen3' not found"))).toMatchObject({
      fault: 'invalid_request',
      retryable: false,
      message: "ollama answered 404: model 'qwen3' not found",
    });
  });

  it('after it began is told in the words of the server, too', async () => {
    expect(await askAfter(failsLate('so far', 'the runner has crashed'))).toMatchObject({
      fault: 'provider_error',
      retryable: true,
      message: 'ollama answered 500: the runner has crashed',
    });
  });
});
