import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { artifactQueries } from '../../../src/projections/artifacts/artifacts.queries.ts';
import { artifacts } from '../../../src/projections/artifacts/artifacts.projection.ts';
import { directives } from '../../../src/projections/directives/directives.projection.ts';
import { eventIndex } from '../../../src/projections/events/event-index.projection.ts';
import {
  getAgentProvenance,
  getRunProvenance,
  listAgentProvenance,
} from '../../../src/projections/runs/provenance.queries.ts';
import { getAgentRun, getRun, listAgentRuns, listRuns } from '../../../src/projections/runs/runs.queries.ts';
import { runs } from '../../../src/projections/runs/runs.projection.ts';
import { getRunCost, listRunSteps } from '../../../src/projections/runs/steps.queries.ts';
import { steps } from '../../../src/projections/runs/steps.projection.ts';
import { getRunCausation, getRunTimeline } from '../../../src/projections/runs/timeline.queries.ts';
import { verdicts } from '../../../src/projections/verdicts/verdicts.projection.ts';
import { agentOf, busy, eventful, runOf, shown, stepped } from './runs.stories.ts';
import { expectSameAgain, pages, stage, type Stage } from './stories.ts';

const projections = [runs, steps, verdicts, artifacts, directives, eventIndex];

describe('runs', () => {
  let on: Stage;
  beforeAll(async () => {
    on = await stage(projections, [...shown, busy, ...stepped]);
  });
  afterAll(() => on.discard());

  const run_id = runOf(busy[0]);
  const agent_id = agentOf(busy[0]);

  it.each(shown.map(([own]) => [own.name, own] as const))('are %s', async (status, own) => {
    const { output, revision } = await on.ask(getRun, { run_id: runOf(own) });
    expect(output).toMatchObject({ run_id: runOf(own), status });
    expect(revision).toBe(output?.['revision']);
    const { output: page } = await on.ask(listRuns, { status: [status] });
    expect(page?.data.map((row) => row['run_id'])).toContain(runOf(own));
    expect(new Set(page?.data.map((row) => row['status']))).toEqual(new Set([status]));
  });

  it.each(stepped.map(([own]) => [own.name.slice(5), own] as const))('have steps that are %s', async (status, own) => {
    const { output } = await on.ask(listRunSteps, { run_id: runOf(own) });
    expect(output?.data.map((row) => [row['step_id'], row['status']])).toEqual([
      ['write', status],
      ['look', 'waiting'],
      ['send', 'waiting'],
    ]);
  });

  it('say what they answered', async () => {
    const [own] = shown.find(([{ name }]) => name === 'completed') ?? busy;
    const { output } = await on.ask(getRun, { run_id: runOf(own) });
    expect(output).toMatchObject({ outcome: 'partial', result: { write: { bytes: 25 } } });
  });

  it('say of a step what was skipped, and why', async () => {
    const [own] = shown.find(([{ name }]) => name === 'completed') ?? busy;
    const { output } = await on.ask(listRunSteps, { run_id: runOf(own) });
    expect(output?.data[2]).toMatchObject({ status: 'skipped', message: 'the run has ended' });
  });

  it('are the same when they are folded again, and without a database', async () => {
    await expectSameAgain(on, projections);
  });

  it('count what was spent, by run and by step', async () => {
    const { output } = await on.ask(getRunCost, { run_id });
    expect(output).toMatchObject({
      cost: { amount: '0.0015', currency: 'USD' },
      limit: { amount: '0.02', currency: 'USD' },
    });
    expect(output?.['steps']).toMatchObject([{ step_id: 'write', cost: { amount: '0.003' } }, {}, {}]);
  });

  it('tell their time as spans within steps within the run', async () => {
    const { output } = await on.ask(getRunTimeline, { run_id });
    const spans = output?.['spans'] as {
      kind: string;
      parent: string | null;
      status: string;
      end: string | null;
    }[];
    expect(spans.filter(({ parent }) => parent === null).map(({ kind }) => kind)).toEqual(['run']);
    const within = spans.filter(({ parent }) => parent === `${run_id}/write`);
    expect(within.map(({ kind, status }) => `${kind} ${status}`)).toEqual([
      ...['verdict require_approval', 'approval superseded', 'amendment amended', 'verdict require_approval'],
      ...[
        'approval granted',
        'verdict require_approval',
        'call failed',
        'backoff due',
        'call unknown',
        'question done',
      ],
      'undo undone',
    ]);
    expect(spans.filter(({ parent }) => parent === run_id).map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(['pending', 'pause', 'stopping', 'rollback', 'step']),
    );
    expect(spans.filter(({ kind }) => kind !== 'step').every(({ end }) => end !== null)).toBe(true);
    const segments = output?.['segments'] as { kind: string; from: string; to: string | null }[];
    expect(segments.map(({ kind }) => kind)).toEqual(segments.map((_, n) => (n % 2 === 0 ? 'idle' : 'active')));
    for (const [n, { to }] of segments.slice(0, -1).entries()) expect(to).toBe(segments[n + 1]?.from);
    const cut = await on.ask(getRunTimeline, { run_id, limit: 3 });
    expect(cut.output).toMatchObject({ truncated: { applied: 3, more: true } });
    expect(cut.output?.['spans']).toHaveLength(3);
  });

  it('tell what led to what', async () => {
    const { output } = await on.ask(getRunCausation, { run_id });
    const nodes = output?.['nodes'] as { id: string; type: string }[];
    expect(nodes.map(({ type }) => type)).toEqual(['DirectiveDrafted', 'RunCreated', ...eventful]);
    const edges = output?.['edges'] as { from: string; to: string; cross_stream: boolean }[];
    expect(edges.map(({ from, to }) => [from, to])).toEqual(nodes.slice(1).map(({ id }, n) => [nodes[n]?.id, id]));
    expect(edges.map(({ cross_stream }) => cross_stream)).toEqual(edges.map((_, n) => n === 0));
    expect(output?.['truncated']).toBe(false);
  });

  it('say where their outcome comes from', async () => {
    const { output } = await on.ask(getRunProvenance, { run_id });
    expect(output).toMatchObject({
      provenance_id: run_id,
      status: 'failed',
      goal: 'Write the report of November and send it.',
    });
    expect(output?.['tool_calls']).toMatchObject([
      {
        step_id: 'write',
        status: 'undone',
        decision: 'require_approval',
        rule_id: 'writes-need-two',
        result: { bytes: 25 },
      },
      { step_id: 'send', status: 'waiting' },
    ]);
    expect((await on.ask(getAgentProvenance, { run_id, agent_id })).output).toEqual(output);
    expect((await on.ask(listAgentProvenance, { agent_id })).output?.data).toEqual([output]);
    const [completed] = shown.find(([{ name }]) => name === 'completed') ?? busy;
    const other = await on.ask(getRunProvenance, { run_id: runOf(completed) });
    expect(other.output).toMatchObject({ status: 'partial', goal: null, error_message: null });
  });

  it('are shown by their agent, and by nobody else’s', async () => {
    expect((await on.ask(listAgentRuns, { agent_id })).output?.data.map((row) => row['run_id'])).toEqual([run_id]);
    expect((await on.ask(getAgentRun, { run_id, agent_id })).output).toMatchObject({ run_id });
    expect(await on.ask(getAgentRun, { run_id, agent_id: run_id })).toMatchObject({ code: 'not_found' });
    for (const operation of [getRun, listRunSteps, getRunCost, getRunTimeline, getRunCausation, getRunProvenance])
      expect(await on.ask(operation, { run_id }, 'another')).toMatchObject({ code: 'not_found' });
    expect((await on.ask(listRuns, {}, 'another')).output?.data).toEqual([]);
  });

  it('are listed page by page, each once', async () => {
    const all = (await on.ask(listRuns, { limit: 200 })).output?.data ?? [];
    const seen = await pages(on, listRuns, 4);
    expect(seen).toEqual(all);
    expect(all).toHaveLength(shown.length + stepped.length + 1);
  });

  it('leave artifacts: their own events, and what capabilities made', async () => {
    const [, listRunArtifacts, getArtifact] = artifactQueries;
    const { output } = await on.ask(listRunArtifacts, { run_id });
    const kinds = output?.data.map((row) => row['type']).toReversed();
    expect(kinds).toEqual([
      ...['execution_start', 'policy_evaluation', 'policy_evaluation', 'policy_evaluation'],
      ...['module_execution', 'execution_checkpoint', 'file', 'execution_end'],
    ]);
    const made = output?.data.find((row) => row['type'] === 'file');
    expect(made).toMatchObject({
      uri: 'workspace://reports/november.md',
      bytes: 25,
      capability_id: 'io.fs.write_file',
    });
    expect((await on.ask(getArtifact, { artifact_id: made?.['artifact_id'] })).output).toEqual(made);
    const own = output?.data.find((row) => row['type'] === 'execution_end');
    expect(own).toMatchObject({
      uri: `artifact://local/${String(own?.['event_id'])}`,
      trace_id: '0af7651916cd43dd8448eb211c80319c',
    });
    expect(own?.['directive_id']).toBe(busy[0].idOf('RunCreated', 'directive_id'));
  });
});
