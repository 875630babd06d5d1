import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished, describe, expect, it } from 'vitest';
import { braintrustEvaluation } from '../../src/adapters/evaluation/braintrust.ts';
import { noopEvaluation } from '../../src/adapters/evaluation/noop.ts';
import { observe } from '../../src/commands/evaluation/observe.ts';
import type { Engine } from '../../src/commands/execute.ts';
import type { Recorded } from '../../src/domain/kernel/event.ts';
import type { Evaluation, Trace } from '../../src/ports.evaluation.ts';
import { quietJournal } from '../support/quiet.journal.ts';
import { until } from '../support/until.ts';

const project_id = '0198d7a0-0000-7000-8000-000000000021';
const trace_id = '0198d7a0-0000-7000-8000-000000000023';
const trace: Trace = {
  trace_id,
  name: 'turn',
  input: { turn_id: trace_id },
  output: { outcome: 'success' },
  metadata: {},
};

interface Seen {
  readonly path: string;
  readonly key: string | undefined;
  // oxlint-disable-next-line no-explicit-any
  readonly body: any;
}

/** Speaks as much of the protocol as is used, and keeps what it was sent. `status` is what it answers from then on. */
const braintrustServer = async () => {
  const seen: Seen[] = [];
  const says = { status: 200 };
  const answers: Readonly<Record<string, unknown>> = {
    '/v1/project': { id: project_id },
    '/btql': { data: [{ scores: { accuracy: 1, tone: 0.5, unknown: null } }] },
  };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString();
      const path = request.url ?? '';
      seen.push({ path, key: request.headers.authorization, body: text === '' ? undefined : JSON.parse(text) });
      response.writeHead(says.status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(answers[path] ?? { row_ids: [] }));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return { seen, says, evaluation: braintrustEvaluation({ url, api_key: 'bt-1', project: 'acta' }) };
};

describe.each([
  ['noop', async (): Promise<Evaluation> => noopEvaluation()],
  ['braintrust', async (): Promise<Evaluation> => (await braintrustServer()).evaluation],
])('whoever evaluates: %s', (provider, made) => {
  it('takes traces, and answers a score in one shape (D110)', async () => {
    const evaluation = await made();
    expect(evaluation.provider).toBe(provider);
    expect(await evaluation.logTrace(trace)).toBeUndefined();
    const asked = { trace_id, directive_id: null, execution_run_id: null };
    const { score, dimensions, metadata } = await evaluation.score(asked);
    expect(score === null || (score >= 0 && score <= 1)).toBe(true);
    expect(typeof dimensions).toBe('object');
    expect(typeof metadata).toBe('object');
  });
});

describe('braintrust', () => {
  it('is asked for its project once, and shown traces under their own ids', async () => {
    const { seen, evaluation } = await braintrustServer();
    await Promise.all([evaluation.logTrace(trace), evaluation.logTrace({ ...trace, name: 'run' })]);
    expect(seen.map(({ path }) => path)).toEqual([
      '/v1/project',
      `/v1/project_logs/${project_id}/insert`,
      `/v1/project_logs/${project_id}/insert`,
    ]);
    expect(new Set(seen.map(({ key }) => key))).toEqual(new Set(['Bearer bt-1']));
    expect(seen[1]?.body.events).toMatchObject([{ id: trace_id, output: { outcome: 'success' } }]);
  });

  it('scores by the mean of what it knows', async () => {
    const { evaluation } = await braintrustServer();
    const answer = await evaluation.score({ trace_id, directive_id: project_id, execution_run_id: null });
    expect(answer).toEqual({
      score: 0.75,
      dimensions: { accuracy: 1, tone: 0.5 },
      metadata: { directive_id: project_id, execution_run_id: null },
    });
  });

  it('throws where it is refused, and asks anew after that', async () => {
    const { says, seen, evaluation } = await braintrustServer();
    says.status = 500;
    await expect(evaluation.logTrace(trace)).rejects.toThrow('braintrust answered 500');
    says.status = 200;
    await evaluation.logTrace(trace);
    expect(seen.map(({ path }) => path)).toEqual([
      '/v1/project',
      '/v1/project',
      `/v1/project_logs/${project_id}/insert`,
    ]);
  });
});

const golden = (type: string): Recorded => ({
  ...{
    id: trace_id,
    stream: `session-${trace_id}`,
    revision: 0,
    position: 1n,
    recorded_at: '2026-11-21T12:00:00.000Z',
  },
  metadata: { tenant: 'default' },
  type,
  data: JSON.parse(readFileSync(new URL(`../golden/events/${type}.v1.json`, import.meta.url), 'utf8')) as unknown,
});

describe('what evaluation is shown', () => {
  const observed = (logTrace: Evaluation['logTrace'], score: Evaluation['score'] = noopEvaluation().score) => {
    const clock = { now: 0 };
    const appended: Engine['appended'] = new Set();
    const counts: Record<string, number> = {};
    const count = (_: string, { outcome = '' } = {}, by = 1): void =>
      void (counts[outcome] = (counts[outcome] ?? 0) + by);
    const telemetry = { count } as unknown as Engine['telemetry'];
    const at = { now: () => clock.now } as unknown as Engine['clock'];
    const stop = observe({ appended, telemetry, clock: at }, { provider: 'a test', logTrace, score }, quietJournal());
    const tell = (...types: readonly string[]): void => {
      for (const hear of appended) hear('s', types.map(golden));
    };
    return { tell, counts, stop, clock };
  };

  it('is the ends of turns and runs, in ids, outcomes and numbers', async () => {
    const shown: Trace[] = [];
    const { tell, counts, stop } = observed(async (each) => void shown.push(each));
    tell('TurnReceived', 'TurnAssessed', 'RunCompleted', 'RunFailed', 'RunCanceled');
    await until(async () => (counts['handed_over'] === 4 ? true : undefined));
    expect(shown.map(({ name, output }) => [name, output['outcome']])).toEqual([
      ['turn', 'success'],
      ['run', 'RunCompleted'],
      ['run', 'RunFailed'],
      ['run', 'RunCanceled'],
    ]);
    expect(Object.keys(shown[1]?.output ?? {})).toEqual(['outcome', 'cost_micros']);
    await stop();
    tell('TurnAssessed');
    expect(shown).toHaveLength(4);
  });

  it('is asked about a minute later, once, and only counted', async () => {
    const asked: unknown[] = [];
    const { tell, counts, stop, clock } = observed(
      async () => undefined,
      async (about) => {
        asked.push(about);
        if (asked.length === 2) throw new Error('out of reach');
        return { score: 0.75, dimensions: {}, metadata: {} };
      },
    );
    tell('TurnAssessed', 'RunCompleted');
    await until(async () => (counts['handed_over'] === 2 ? true : undefined));
    clock.now = 60_000;
    tell('RunFailed');
    await until(async () => (counts['failed'] === 1 ? true : undefined));
    const { run_id, directive_id } = golden('RunCompleted').data as Record<string, string>;
    expect(asked).toMatchObject([
      { directive_id: null, execution_run_id: null },
      { trace_id: run_id, directive_id, execution_run_id: run_id },
    ]);
    expect(counts).toEqual({ handed_over: 3, scored: 1, failed: 1, '': 0.75 });
    await stop();
  });

  it('never stands in the way: what fails is counted, what is too much is dropped', async () => {
    const gate = Promise.withResolvers<void>();
    const { tell, counts, stop } = observed(() => gate.promise);
    for (let n = 0; n < 1_003; n += 1) tell('TurnAssessed');
    expect(counts).toEqual({ dropped: 2 });
    const stopped = stop();
    gate.reject(new Error('out of reach'));
    await stopped;
    expect(counts).toEqual({ dropped: 1_002, failed: 1 });
  });
});
