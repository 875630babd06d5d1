import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ask, askFresh, dataFolder, startHere } from '../support/acta.ts';
import { anthropicServer, says } from '../support/anthropic-server.ts';
import { answersIn, modelServer } from '../support/model-server.ts';
import { ollamaWire } from '../support/ollama-server.ts';
import { openaiWire } from '../support/openai-server.ts';

interface EventBody {
  readonly id: string;
  readonly type: string;
  readonly correlation_id: string;
  readonly causation_id: string | null;
  readonly actor: string;
  readonly link: { readonly prev: string; readonly self: string };
}

const eventsOf = async (url: string, session_id: string): Promise<readonly EventBody[]> =>
  (await ask(url, `/streams/session-${session_id}/events`)).body.data;

const turnTypes = [
  'SessionOpened',
  'TurnReceived',
  'ContextAssembled',
  'ModelCalled',
  'ModelReplied',
  'TurnAssessed',
  'TurnCompleted',
];

let url: string;
beforeAll(async () => {
  ({ url } = await startHere(await dataFolder(afterAll), {}, afterAll));
});

describe('a turn', () => {
  it('is answered, and everything that led to the answer is on the record', async () => {
    const said = await ask(url, '/chat', { body: { message: 'hello' } });
    expect(said.status).toBe(200);
    expect(said.body).toMatchObject({ status: 'completed', model: { is_language_model: false }, error: null });
    expect(said.body.response).not.toBe('');

    const events = await eventsOf(url, said.body.session_id);
    expect(events.map(({ type }) => type)).toEqual(turnTypes);
    const [opened, received, assembled, , replied] = events;
    expect(new Set(events.slice(1).map(({ correlation_id }) => correlation_id)).size).toBe(1);
    expect(assembled?.causation_id).toBe(received?.id);
    expect(replied?.actor).toBe('process:session');
    expect(events.slice(1).map(({ link }) => link.prev)).toEqual(events.slice(0, -1).map(({ link }) => link.self));
    expect(opened?.actor).toBe('user:local');

    const turn = await askFresh(url, `/sessions/${said.body.session_id}/turns/${said.body.turn_id}`);
    expect(turn.body).toMatchObject({ status: 'completed', text: 'hello', response: said.body.response, attempts: 1 });
    const why = await askFresh(url, `/events/${replied?.id}`);
    expect(why.body.causes.at(-1).type).toBe('TurnReceived');
    const context = await ask(url, `/sessions/${said.body.session_id}/turns/${said.body.turn_id}/context`);
    expect(context.body.context.sections.map(({ name }: { name: string }) => name)).toEqual([
      'identity',
      'censors',
      'frame',
      'working_memory',
      'decisions',
      'facts',
      'history',
      'input',
    ]);
    expect(context.body.context).toMatchObject({ frame: { frame_id: 'conversation' } });
    expect(context.body.context.stages.filter(({ ok }: { ok: boolean }) => !ok)).toEqual([]);
  });

  it('answers with the position at which its end can be read', async () => {
    for (let n = 0; n < 10; n += 1) {
      const said = await ask(url, '/chat', { body: { message: 'hello' } });
      const headers = { 'acta-min-position': said.headers.get('acta-position') ?? '' };
      const path = `/sessions/${said.body.session_id}/turns/${said.body.turn_id}`;
      expect((await ask(url, path, { headers })).body).toMatchObject({ status: 'completed' });
    }
  });

  it('knows what was said before, within its session', async () => {
    const first = await ask(url, '/chat', { body: { message: 'hello' } });
    const { session_id } = first.body;
    const second = await ask(url, '/chat', { body: { message: 'and again', session_id } });
    const context = await askFresh(url, `/sessions/${session_id}/turns/${second.body.turn_id}/context`);
    const history = context.body.context.sections.find(({ name }: { name: string }) => name === 'history');
    expect(history.turn_ids).toEqual([first.body.turn_id]);
  });

  it('is streamed when asked, and ends with the body of a plain answer', async () => {
    const { headers, body } = await ask(url, '/chat', { body: { message: 'hello', stream: true } });
    expect(headers.get('content-type')).toContain('text/event-stream');
    const pieces = [...(body as string).matchAll(/event: (.*)\ndata: (.*)\n/g)].map(([, event, data]) => ({
      event,
      data: JSON.parse(data ?? 'null'),
    }));
    expect(pieces[0]?.event).toBe('turn');
    const done = pieces.at(-1);
    expect(done?.event).toBe('done');
    const spoken = pieces.flatMap(({ event, data }) => (event === 'delta' || event === 'snapshot' ? [data.text] : []));
    expect(spoken.join('')).toBe(done?.data.response);
  });

  it('asked for twice with one key is taken once', async () => {
    const headers = { 'idempotency-key': 'the-same-question' };
    const [one, two] = [
      await ask(url, '/chat', { body: { message: 'hello' }, headers }),
      await ask(url, '/chat', { body: { message: 'hello' }, headers }),
    ];
    expect(two.body).toEqual(one.body);
    expect(two.headers.get('idempotency-replayed')).toBe('true');
    expect(await eventsOf(url, one.body.session_id)).toHaveLength(turnTypes.length);
  });

  it('waits and tries again when the model is overloaded, and shows every attempt', async () => {
    const { body } = await ask(url, '/chat', { body: { message: 'be flaky' } });
    expect(body.status).toBe('completed');
    const types = (await eventsOf(url, body.session_id)).map(({ type }) => type);
    expect(types.filter((type) => type === 'ModelRetryScheduled')).toHaveLength(2);
    expect(types.filter((type) => type === 'ModelCalled')).toHaveLength(3);
  });

  it('can be canceled while it runs, and what comes after a turn still runs', async () => {
    const session = await ask(url, '/sessions', { body: {} });
    const { session_id } = session.body;
    const turn = await ask(url, `/sessions/${session_id}/turns`, { body: { message: 'take your time' } });
    expect(turn.status).toBe(202);
    const second = await ask(url, `/sessions/${session_id}/turns`, { body: { message: 'me too' } });
    expect(second).toMatchObject({ status: 409, body: { code: 'turn_running', turn_id: turn.body.turn_id } });
    const canceled = await ask(url, `/sessions/${session_id}/turns/${turn.body.turn_id}/cancel`, { body: {} });
    expect(canceled.status).toBe(200);
    await vi.waitFor(async () => {
      const { body } = await askFresh(url, `/sessions/${session_id}/turns/${turn.body.turn_id}`);
      expect(body.status).toBe('canceled');
    });
    const types = (await eventsOf(url, session_id)).map(({ type }) => type);
    expect(types.slice(-3)).toEqual(['TurnCancelRequested', 'TurnAssessed', 'TurnCanceled']);
    expect((await ask(url, '/chat', { body: { message: 'hello', session_id } })).body.status).toBe('completed');
  });

  it('is answered by a language model over the wire where one is configured', async () => {
    const provider = await anthropicServer({ script: [says('All of it.')] });
    const { url } = await startHere(await dataFolder(), {
      LLM_PROVIDER: 'anthropic',
      ANTHROPIC_API_KEY: 'sk-canary-key',
      ANTHROPIC_BASE_URL: provider.url,
    });
    const { body } = await ask(url, '/chat', { body: { message: 'What is on the record?' } });
    expect(body).toMatchObject({
      status: 'completed',
      response: 'All of it.',
      model: { provider: 'anthropic', is_language_model: true },
    });
    expect(provider.requests[0]?.body.messages.at(-1)).toEqual({ role: 'user', content: 'What is on the record?' });
    const record = JSON.stringify(await ask(url, `/streams/session-${body.session_id}/events`));
    expect(record).not.toContain('sk-canary-key');
    await provider.close();
  });

  it('is answered by another model where the first fails, after a pause where both do, and the record says by whom', async () => {
    const [openai, ollama] = [answersIn(openaiWire), answersIn(ollamaWire)];
    const first = await modelServer({ otherwise: openai.fails(529) });
    const second = await modelServer({ script: [ollama.fails(503)], otherwise: ollama.says('From the second.') });
    const { url } = await startHere(await dataFolder(), {
      LLM_PROVIDER: 'openai',
      OPENAI_API_KEY: 'sk-canary-key',
      OPENAI_BASE_URL: first.url,
      LLM_FALLBACK_PROVIDER: 'ollama',
      LLM_FALLBACK_MODEL: 'qwen3',
      OLLAMA_BASE_URL: second.url,
    });
    const { body } = await ask(url, '/chat', { body: { message: 'Who are you?' } });
    expect(body).toMatchObject({
      response: 'From the second.',
      model: { provider: 'ollama', name: 'qwen3', is_language_model: true },
    });
    expect([first.requests, second.requests].map(({ length }) => length)).toEqual([2, 2]);
    const events = await eventsOf(url, body.session_id);
    const types = ['ModelCalled', 'ModelRetryScheduled', 'ModelCalled', 'ModelReplied'];
    expect(events.map(({ type }) => type).filter((type) => type.startsWith('Model'))).toEqual(types);
    expect(JSON.stringify(events)).not.toContain('sk-canary-key');
    const asked = { provider: 'openai', messages: { count: 1, roles: { user: 1, assistant: 0 }, chars: 12 } };
    const [scheduled, replied] = ['ModelRetryScheduled', 'ModelReplied'].map((type) =>
      events.find((event) => event.type === type),
    );
    expect(scheduled).toMatchObject({ data: { call: { ...asked, latency_ms: expect.any(Number) } } });
    expect(replied).toMatchObject({ data: { provider: 'ollama', call: asked } });
    const artifacts = (await askFresh(url, '/artifacts')).body.data.map(({ type }: { type: string }) => type);
    expect(artifacts.filter((type: string) => type.startsWith('llm_')).toSorted()).toEqual([
      'llm_call',
      'llm_call',
      'llm_usage',
    ]);
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toMatch(
      /acta_model_calls_total\{[^}]*(?:provider="ollama"[^}]*outcome="ok"|outcome="ok"[^}]*provider="ollama")/,
    );
    await Promise.all([first.close(), second.close()]);
  });

  it('without a model is refused as disabled, and that is on the record', async () => {
    const { url } = await startHere(await dataFolder(), { LLM_PROVIDER: 'noop' });
    const { status, body } = await ask(url, '/chat', { body: { message: 'hello' } });
    expect({ status, code: body.code, fault: body.fault }).toEqual({
      status: 503,
      code: 'model_disabled',
      fault: 'disabled',
    });
    const types = (await eventsOf(url, body.session_id)).map(({ type }) => type);
    expect(types.slice(-3)).toEqual(['ModelFailed', 'TurnAssessed', 'TurnFailed']);
  });
});
