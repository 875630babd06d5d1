import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { modelOf } from '../../src/adapters/models/model.ts';
import { scriptSchema, type Script } from '../../src/adapters/models/script.ts';
import { scriptedModel } from '../../src/adapters/models/scripted.ts';
import type { Message } from '../../src/domain/kernel/message.ts';
import type { ModelOutcome, ModelRequest } from '../../src/ports.ts';

const user = (content: string): Message => ({ role: 'user', content });
const assistant = (content: string): Message => ({ role: 'assistant', content });
const request = (messages: readonly Message[], more: Partial<ModelRequest> = {}): ModelRequest => ({
  model: 'scripted-1',
  system: 'You are Iris.',
  messages,
  max_tokens: 4096,
  ...more,
});
const { signal } = new AbortController();
const textOf = (outcome: ModelOutcome): string =>
  outcome.ok ? outcome.reply.blocks.map((block) => (block.type === 'text' ? block.text : '')).join('') : outcome.fault;
const scriptOf = (script: object): Script =>
  scriptSchema.parse({ rules: [], otherwise: { text: 'otherwise' }, ...script });
const answer = async (script: Script, messages: readonly Message[], more: Partial<ModelRequest> = {}) =>
  textOf(await scriptedModel({ script }).complete(request(messages, more), { signal }));

describe('a scripted model', () => {
  it('says of itself that it is no language model, and costs nothing', async () => {
    const outcome = await scriptedModel({}).complete(request([user('hello')]), { signal });
    expect(outcome).toMatchObject({
      reply: { provider: 'scripted', model: 'scripted-1', is_language_model: false, cost_micros: 0 },
    });
    expect(textOf(outcome)).toContain('no language model');
  });

  it('answers with the first rule that holds', async () => {
    const script = scriptOf({
      rules: [
        { when: { contains: ['refund', 'money back'] }, reply: { text: 'first' } },
        { when: { contains: 'money' }, reply: { text: 'second' } },
      ],
    });
    expect(await answer(script, [user('I want my MONEY BACK')])).toBe('first');
    expect(await answer(script, [user('money')])).toBe('second');
    expect(await answer(script, [user('love')])).toBe('otherwise');
  });

  it('looks only at the last message of the user', async () => {
    const script = scriptOf({ rules: [{ when: { contains: 'red' }, reply: { text: 'seen' } }] });
    expect(await answer(script, [user('red'), assistant('red'), user('blue')])).toBe('otherwise');
    expect(await answer(script, [user('blue'), assistant('ok'), user('red')])).toBe('seen');
  });

  it('fills captures, the turn and the message into its reply', async () => {
    const rule = {
      when: { matches: 'my name is (\\w+)( indeed)?' },
      reply: { text: '{{1}}|{{2}}|{{turn}}|{{message}}' },
    };
    const said = await answer(scriptOf({ rules: [rule] }), [user('hi'), assistant('hi'), user('My name is Ada')]);
    expect(said).toBe('Ada||2|My name is Ada');
  });

  it('tells agents and turns apart', async () => {
    const script = scriptOf({
      rules: [
        { when: { agent: 'iris', turn: 2 }, reply: { text: 'second' } },
        { when: { agent: 'IRIS' }, reply: { text: 'iris' } },
      ],
    });
    expect(await answer(script, [user('a')])).toBe('iris');
    expect(await answer(script, [user('a'), assistant('b'), user('c')])).toBe('second');
    expect(await answer(script, [user('a')], { system: 'You are Otto.' })).toBe('otherwise');
  });

  it('calls tools with filled arguments, under the same id each time it is asked the same', async () => {
    const script = scriptOf({
      rules: [
        {
          when: { matches: 'find (\\w+)' },
          reply: { tool_use: [{ name: 'search', input: { query: { words: ['{{1}}', 3] } } }] },
        },
      ],
    });
    const ask = (text: string) => scriptedModel({ script }).complete(request([user(text)]), { signal });
    const [first, again, other] = await Promise.all([ask('find roses'), ask('find roses'), ask('find lilies')]);
    expect(first).toMatchObject({
      reply: {
        stop_reason: 'tool_use',
        blocks: [{ type: 'tool_use', name: 'search', input: { query: { words: ['roses', 3] } } }],
      },
    });
    const idOf = (outcome: ModelOutcome) =>
      outcome.ok ? outcome.reply.blocks.map((block) => (block.type === 'tool_use' ? block.id : '')) : [];
    expect(idOf(again)).toEqual(idOf(first));
    expect(idOf(other)).not.toEqual(idOf(first));
  });

  it('streams in pieces that together are the text', async () => {
    const text = 'one two  three\nfour five';
    const script = scriptOf({ otherwise: { text, chunks: 3, chunk_delay_ms: 1 } });
    const heard: string[] = [];
    await scriptedModel({ script }).complete(request([user('x')]), { signal, onText: (delta) => heard.push(delta) });
    expect(heard).toHaveLength(3);
    expect(heard.join('')).toBe(text);
  });

  it('stops in the middle of a slow reply when it is cancelled', async () => {
    const script = scriptOf({ otherwise: { text: 'a b c d', chunks: 4, chunk_delay_ms: 60_000 } });
    const controller = new AbortController();
    const heard: string[] = [];
    const outcome = await scriptedModel({ script }).complete(request([user('x')]), {
      signal: controller.signal,
      onText: (delta) => {
        heard.push(delta);
        controller.abort();
      },
    });
    expect(outcome).toMatchObject({ ok: false, fault: 'timeout', retryable: false });
    expect(heard).toEqual(['a ']);
  });

  it('fails as often as the script says, for each request anew', async () => {
    const fail = { fault: 'provider_error', retry_after_ms: 20, times: 2 };
    const script = scriptOf({ rules: [{ when: { contains: 'flaky' }, fail, reply: { text: 'at last' } }] });
    const model = scriptedModel({ script });
    const ask = async (text: string) => textOf(await model.complete(request([user(text)]), { signal }));
    expect([await ask('flaky'), await ask('flaky'), await ask('flaky')]).toEqual([
      'provider_error',
      'provider_error',
      'at last',
    ]);
    expect(await ask('flaky again')).toBe('provider_error');
    expect(await model.complete(request([user('flaky 3')]), { signal })).toMatchObject({
      retryable: true,
      retry_after_ms: 20,
    });
  });

  it('keeps to max_tokens, and calls no tool after a cut text', async () => {
    const script = scriptOf({ otherwise: { text: '12345678 and more', tool_use: [{ name: 't', input: {} }] } });
    const outcome = await scriptedModel({ script }).complete(request([user('x')], { max_tokens: 2 }), { signal });
    expect(outcome).toMatchObject({
      reply: { stop_reason: 'max_tokens', blocks: [{ type: 'text', text: '12345678' }] },
    });
  });

  it('never answers with half a character', async () => {
    const script = scriptOf({ otherwise: { text: '{{message}}' } });
    const outcome = await scriptedModel({ script }).complete(request([user('123😀')], { max_tokens: 1 }), { signal });
    expect(textOf(outcome).isWellFormed()).toBe(true);
    expect(await answer(script, [user('lone \ud83d here')])).toBe('lone \ufffd here');
  });

  it('estimates tokens as a quarter of the characters', async () => {
    const outcome = await scriptedModel({ script: scriptOf({ otherwise: { text: '123456789' } }) }).complete(
      request([user('1234')], { system: '1234' }),
      { signal },
    );
    expect(outcome).toMatchObject({ reply: { usage: { input_tokens: 2, output_tokens: 3 } } });
  });
});

describe('a script', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'acta-script-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  const fileOf = async (name: string, content: string): Promise<string> => {
    const file = join(folder, name);
    await writeFile(file, content);
    return file;
  };
  const played = (script_file: string) => modelOf({ provider: 'scripted', script_file });

  it.each([
    ['a rule without a condition', { rules: [{ when: {}, reply: { text: 'a' } }] }],
    ['a rule without a reply', { rules: [{ when: { contains: 'a' } }] }],
    [
      'a failure that ends, and nothing after it',
      { rules: [{ when: { turn: 1 }, fail: { fault: 'timeout', times: 1 } }] },
    ],
    ['a broken expression', { rules: [{ when: { matches: '(' }, reply: { text: 'a' } }] }],
    ['an expression that is too long', { rules: [{ when: { matches: 'a'.repeat(301) }, reply: { text: 'a' } }] }],
    ['a misspelt member', { rules: [{ wenn: {}, when: { contains: 'a' }, reply: { text: 'a' } }] }],
    ['a reply of hours', { otherwise: { text: 'a', chunks: 500, chunk_delay_ms: 60_000 } }],
    ['an empty reply', { otherwise: {} }],
    ['too many rules', { rules: Array.from({ length: 201 }, () => ({ when: { turn: 1 }, reply: { text: 'a' } })) }],
  ])('is refused with %s', (_, broken) => {
    expect(scriptSchema.safeParse({ rules: [], otherwise: { text: 'x' }, ...broken }).success).toBe(false);
  });

  it('is read at the first call, and what is wrong with it is said then', async () => {
    const missing = played(join(folder, 'none.json'));
    expect(await missing.complete(request([user('x')]), { signal })).toMatchObject({
      fault: 'misconfigured',
      message: expect.stringContaining('ENOENT') as string,
    });
    const misspelt = played(await fileOf('misspelt.json', '{"rules":[],"otherwise":{"txt":"a"}}'));
    expect(await misspelt.complete(request([user('x')]), { signal })).toMatchObject({
      fault: 'misconfigured',
      message: expect.stringContaining('txt') as string,
    });
  });

  it('may be mended while the program runs', async () => {
    const file = await fileOf('half.json', '{');
    const model = played(file);
    expect(textOf(await model.complete(request([user('x')]), { signal }))).toBe('misconfigured');
    await writeFile(file, JSON.stringify({ rules: [], otherwise: { text: 'mended' } }));
    expect(textOf(await model.complete(request([user('x')]), { signal }))).toBe('mended');
  });

  it('of the demo has an answer to what a newcomer would type', async () => {
    const file = new URL('../../examples/demo/replies.json', import.meta.url);
    const script = scriptSchema.parse(JSON.parse(await readFile(file, 'utf8')));
    const texts = await Promise.all(
      ['hello', 'what is recorded?', 'how do I look at the stream?', 'who are you?', 'my name is Ada', 'help'].map(
        (text) => answer(script, [user(text)]),
      ),
    );
    expect(new Set(texts).size).toBe(texts.length);
    expect(texts).not.toContain(await answer(script, [user('zxcvb')]));
    const slow = script.rules.find(({ when }) => [when.contains].flat().includes('take your time'));
    expect((slow?.reply?.chunks ?? 0) * (slow?.reply?.chunk_delay_ms ?? 0)).toBeGreaterThan(5_000);
  });
});
