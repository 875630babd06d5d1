import type { McpOperation } from './tool.ts';

const day_ms = 86_400_000;
const hour_ms = 3_600_000;

/** A kind of resource: one question that is asked by its address alone. */
export interface ResourceKind {
  /** As a URI template (RFC 6570). */
  readonly template: string;
  readonly name: string;
  readonly title: string;
  /** The operation that answers; where there is none of this name, there is no such resource. */
  readonly operation: string;
  /** What it is asked beside what stands in the address. */
  readonly also?: Readonly<Record<string, string>>;
  /** How long an answer stays good: long for what never changes, none for what lives. */
  readonly keptMs: number;
  /** The same where the address names a revision. */
  readonly fixedMs?: number;
}

export const resourceKinds: readonly ResourceKind[] = [
  {
    template: 'acta://events/{event_id}',
    name: 'event',
    title: 'An event, with what it caused and what caused it',
    operation: 'get_event',
    keptMs: day_ms,
  },
  {
    template: 'acta://streams/{stream}{?cursor,limit}',
    name: 'stream',
    title: 'A page of the events of a stream',
    operation: 'list_stream_events',
    keptMs: 0,
  },
  {
    template: 'acta://streams/{stream}/state{?revision}',
    name: 'state',
    title: 'What a stream comes to, at its end or at a revision',
    operation: 'get_stream_state',
    keptMs: 0,
    fixedMs: day_ms,
  },
  {
    template: 'acta://runs/{run_id}',
    name: 'run',
    title: 'A run: where it stands, and how it ended',
    operation: 'get_run',
    keptMs: 0,
  },
  {
    template: 'acta://runs/{run_id}/timeline',
    name: 'timeline',
    title: 'What a run did, and when',
    operation: 'get_run_timeline',
    keptMs: 0,
  },
  {
    template: 'acta://approvals/open',
    name: 'open approvals',
    title: 'Requests that wait for somebody to agree',
    operation: 'list_approvals',
    also: { status: 'open', limit: '20' },
    keptMs: 0,
  },
  {
    template: 'acta://approvals/{approval_id}',
    name: 'approval',
    title: 'A request for an agreement, and who has said what',
    operation: 'get_approval',
    keptMs: 0,
  },
  {
    template: 'acta://decisions/{decision_id}',
    name: 'decision',
    title: 'A decision: how sure, why, and what became of it',
    operation: 'get_decision',
    keptMs: 0,
  },
  {
    template: 'acta://facts/{fact_id}',
    name: 'fact',
    title: 'A fact, and where it is known from',
    operation: 'get_fact',
    keptMs: 0,
  },
  {
    template: 'acta://agents/{agent_id}',
    name: 'agent',
    title: 'An agent as it is now',
    operation: 'get_agent',
    keptMs: 0,
  },
  {
    template: 'acta://policies/{policy_id}/{version}',
    name: 'policy version',
    title: 'A version of a policy, as it was written',
    operation: 'get_policy_version',
    keptMs: day_ms,
  },
  {
    template: 'acta://schemas/{type}/{version}',
    name: 'schema',
    title: 'What a version of an event says, as JSON Schema',
    operation: 'get_schema',
    keptMs: day_ms,
  },
  {
    template: 'acta://projections',
    name: 'projections',
    title: 'The read models, and how far behind they are',
    operation: 'list_projections',
    keptMs: 0,
  },
];

/** The pages of the manual. */
export const pageKind = {
  template: 'acta://docs/{slug}',
  name: 'manual',
  title: 'A page of the manual',
  keptMs: hour_ms,
};

/** A kind of resource with the operation that answers it. */
export interface KnownKind extends ResourceKind {
  readonly answeredBy: McpOperation;
}

export const knownKinds = (operations: readonly McpOperation[]): readonly KnownKind[] =>
  resourceKinds.flatMap((kind) => {
    const answeredBy = operations.find(({ name }) => name === kind.operation);
    return answeredBy === undefined ? [] : [{ ...kind, answeredBy }];
  });

/** Whether its address names one thing, and no parameter. */
export const isFixed = ({ template }: Pick<ResourceKind, 'template'>): boolean => !template.includes('{');
