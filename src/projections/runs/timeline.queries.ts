import { z } from 'zod';
import { idInput } from '../../domain/kernel/id.input.ts';
import { missing, query } from '../queries.ts';
import { Cost, cost } from '../shown.ts';
import { runById, stepsOf } from './run.found.ts';
import type { RunRow } from './run.row.ts';
import type { Span } from './span.ts';
import type { StepRow } from './step.row.ts';

const spansMax = 20_000;
const spansDefault = 5_000;
const nodesMax = 2_000;
const run_id = idInput('run');
const exampleId = '0198d7a0-0000-7000-8000-000000000017';

const SpanShown = z.object({
  id: z.string(),
  parent: z.string().nullable(),
  /** `run`, `step`, and within them `pending`, `pause`, `rollback`, `verdict`, `approval`, `call`, `backoff`, … */
  kind: z.string(),
  label: z.string(),
  start: z.string().nullable(),
  end: z.string().nullable(),
  status: z.string().nullable(),
  attempt: z.int().nullable(),
  cost: Cost.nullable(),
  event_ids: z.array(z.string()).readonly(),
});
type SpanShown = z.infer<typeof SpanShown>;

const within = (parent: string, spans: readonly Span[]): SpanShown[] =>
  spans.map(({ from, to, ...span }, index) => ({
    ...span,
    id: `${parent}:${index + 1}`,
    parent,
    start: from,
    end: to,
    cost: null,
  }));

const none: readonly string[] = [];

const runSpans = (run: RunRow): SpanShown[] => {
  const { run_id: id, status, created_at, ended_at, cost_micros, spans } = run;
  const whole = { label: 'run', start: created_at, end: ended_at, status, attempt: null, event_ids: none };
  return [{ id, parent: null, kind: 'run', ...whole, cost: cost(cost_micros) }, ...within(id, spans)];
};

const stepSpans = (step: StepRow): SpanShown[] => {
  const { run_id: parent, step_id, capability_id, spans, status, attempt, ended_at, cost_micros } = step;
  const id = `${parent}/${step_id}`;
  const whole = { label: capability_id ?? step.kind, start: spans[0]?.from ?? step.started_at, end: ended_at };
  return [
    { id, parent, kind: 'step', ...whole, status, attempt, cost: cost(cost_micros), event_ids: none },
    ...within(id, spans),
  ];
};

export const getRunTimeline = query({
  name: 'get_run_timeline',
  kind: 'query',
  summary: 'What a run did when: its steps, their verdicts, calls, waits and undoings as spans of time',
  description:
    'A span that lasts has no end; a moment ends when it begins. Segments tell when something of the run was under way, and ' +
    'when it waited for people or for another attempt.',
  scope: 'runs:read',
  input: z.strictObject({ run_id, limit: z.int().min(1).max(spansMax).default(spansDefault) }),
  output: z.object({
    run_id: z.uuid(),
    spans: z.array(SpanShown),
    segments: z.array(z.object({ kind: z.enum(['active', 'idle']), from: z.string(), to: z.string().nullable() })),
    truncated: z.object({ applied: z.int(), more: z.boolean() }),
  }),
  reads: 'steps',
  http: { method: 'GET', path: '/runs/{run_id}/timeline', tag: 'runs' },
  cli: 'runs timeline',
  mcp: { tool: 'run_timeline_get', toolset: 'audit', read_only: true, destructive: false, idempotent: true },
  examples: [{ title: 'By id', input: { run_id: exampleId, limit: 5_000 } }],
  run: async ({ ask }, given, { principal: { tenant } }) => {
    const [run, steps] = await ask((db) =>
      Promise.all([runById.first(db, given.run_id, tenant), stepsOf(db, given.run_id, tenant)]),
    );
    if (run === undefined) return missing('run', given.run_id);
    const spans = [...runSpans(run), ...steps.flatMap(stepSpans)];
    return {
      output: {
        run_id: run.run_id,
        spans: spans.slice(0, given.limit),
        segments: [...run.segments],
        truncated: { applied: given.limit, more: spans.length > given.limit },
      },
    };
  },
});

const Node = z.object({
  id: z.uuid(),
  type: z.string(),
  stream: z.string(),
  revision: z.int(),
  position: z.string(),
  recorded_at: z.string(),
  actor: z.string().nullable(),
});

export const getRunCausation = query({
  name: 'get_run_causation',
  kind: 'query',
  summary: 'What led to what around a run: every event of its correlation, and what caused each',
  description: 'In the order of the log, at most 2,000 events; `truncated` says whether there are more.',
  scope: 'runs:read',
  input: z.strictObject({ run_id }),
  output: z.object({
    run_id: z.uuid(),
    correlation_id: z.string().nullable(),
    nodes: z.array(Node),
    edges: z.array(z.object({ from: z.uuid(), to: z.uuid(), cross_stream: z.boolean() })),
    truncated: z.boolean(),
  }),
  reads: 'event_index',
  http: { method: 'GET', path: '/runs/{run_id}/causation', tag: 'runs' },
  cli: 'runs causation',
  mcp: { tool: 'run_causation_get', toolset: 'audit', read_only: true, destructive: false, idempotent: true },
  examples: [{ title: 'By id', input: { run_id: exampleId } }],
  run: async ({ ask }, given, { principal: { tenant } }) => {
    const run = await ask((db) => runById.first(db, given.run_id, tenant));
    if (run === undefined) return missing('run', given.run_id);
    const { correlation_id } = run;
    const found = await ask((db) =>
      db
        .selectFrom('event_index')
        .selectAll()
        .where('correlation_id', '=', correlation_id)
        .where('tenant', '=', tenant)
        .orderBy('position')
        .limit(nodesMax + 1)
        .execute(),
    );
    const shown = found.slice(0, nodesMax);
    const streams = new Map(shown.map(({ event_id, stream }) => [event_id, stream]));
    const edges = shown.flatMap(({ event_id, causation_id, stream }) => {
      const from = causation_id === null ? undefined : streams.get(causation_id);
      return causation_id === null || from === undefined
        ? []
        : [{ from: causation_id, to: event_id, cross_stream: from !== stream }];
    });
    const nodes = shown.map(({ event_id, type, stream, revision, position, recorded_at, actor }) => ({
      id: event_id,
      type,
      stream,
      revision,
      position: position.toString(),
      recorded_at,
      actor,
    }));
    return { output: { run_id: run.run_id, correlation_id, nodes, edges, truncated: found.length > nodesMax } };
  },
});

export const timelineQueries = [getRunTimeline, getRunCausation] as const;
