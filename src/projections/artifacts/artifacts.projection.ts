import type { DirectiveEvent } from '../../domain/directive/directive.events.ts';
import { canonical, sha256 } from '../../domain/kernel/digest.ts';
import type { Recorded } from '../../domain/kernel/event.ts';
import { derived } from '../../domain/kernel/ids.ts';
import { tenantOf } from '../../domain/kernel/tenant.ts';
import type { RunEvent } from '../../domain/run/run.events.ts';
import { projection, type Key } from '../projection.ts';
import { artifactsOfCall, modelCallRecord, type ModelEvent } from './model-call.ts';

export interface ArtifactRow {
  readonly event_id: string;
  /** Which of the event's artifacts: first those that the event is itself, then those that a capability left. */
  readonly ordinal: number;
  readonly artifact_id: string;
  readonly tenant: string;
  readonly type: string;
  readonly uri: string;
  readonly digest: string;
  readonly bytes: bigint;
  readonly media_type: string;
  readonly run_id: string | null;
  readonly directive_id: string | null;
  readonly step_id: string | null;
  readonly capability_id: string | null;
  readonly trace_id: string | null;
  readonly position: bigint;
  readonly created_at: string;
}

type Source = DirectiveEvent | RunEvent | ModelEvent;
type Written = Pick<ArtifactRow, 'type' | 'uri' | 'digest' | 'media_type'> & { readonly bytes: number };

/** The artifacts that an event is, by the closed list of their types (requirements D60 to D64, D68, D69). */
const kept: { readonly [Type in Source['type']]?: readonly string[] | typeof artifactsOfCall } = {
  DirectiveJudged: ['policy_evaluation'],
  StepJudged: ['policy_evaluation'],
  UndoJudged: ['policy_evaluation'],
  RunStarted: ['execution_start'],
  StepSucceeded: ['module_execution', 'execution_checkpoint'],
  StepFailed: ['module_execution'],
  RunCompleted: ['execution_end'],
  RunFailed: ['execution_end'],
  RunCanceled: ['execution_end'],
  ModelReplied: artifactsOfCall,
  ModelRetryScheduled: artifactsOfCall,
  ModelFailed: artifactsOfCall,
  SessionReflected: artifactsOfCall,
  ReflectionRetryScheduled: artifactsOfCall,
  ReflectionFailed: artifactsOfCall,
};

const kindsOf = (event: Source): readonly string[] => {
  const kinds = kept[event.type] ?? [];
  return typeof kinds === 'function' ? kinds(event as ModelEvent) : kinds;
};
const leftBy = ({ data }: Source): readonly Written[] => ('artifacts' in data ? data.artifacts : []);

const itself = (event: Recorded<Source>, type: string): Written => {
  const text = canonical(modelCallRecord(event, type) ?? event.data);
  return {
    type,
    uri: `artifact://local/${event.id}`,
    digest: `sha256:${sha256(text)}`,
    bytes: Buffer.byteLength(text),
    media_type: 'application/json',
  };
};

const capabilityOf = ({ type, data }: Source): string | null => {
  if (type === 'StepJudged' || type === 'UndoJudged') return data.question.capability_id;
  if (type === 'StepSucceeded' && data.undo?.by === 'capability') return data.undo.capability_id;
  return null;
};

const traceOf = ({ metadata }: Recorded): string | null =>
  /^00-([0-9a-f]{32})-/.exec(metadata['traceparent'] ?? '')?.[1] ?? null;

const rowOf = (_: ArtifactRow | undefined, event: Recorded<Source>, key: Key): ArtifactRow | null => {
  const ordinal = typeof key === 'object' ? Number(key['ordinal']) : 0;
  const kinds = kindsOf(event);
  const kind = kinds[ordinal];
  const written = kind === undefined ? leftBy(event)[ordinal - kinds.length] : itself(event, kind);
  if (written === undefined) return null;
  const { data } = event;
  return {
    event_id: event.id,
    ordinal,
    artifact_id: derived('artifact', event.id, ordinal),
    tenant: tenantOf(event),
    ...written,
    bytes: BigInt(written.bytes),
    run_id: 'run_id' in data ? data.run_id : null,
    directive_id: 'directive_id' in data ? data.directive_id : null,
    step_id: 'step_id' in data ? data.step_id : null,
    capability_id: capabilityOf(event),
    trace_id: traceOf(event),
    position: event.position,
    created_at: event.recorded_at,
  };
};

/** Every artifact: what capabilities left, and the events of the gate, of runs and of models that are kept as such. */
export const artifacts = projection<ArtifactRow, Source>({
  name: 'artifacts',
  version: 3,
  table: (t) =>
    t
      .addColumn('event_id', 'uuid', (c) => c.notNull())
      .addColumn('ordinal', 'integer', (c) => c.notNull())
      .addColumn('artifact_id', 'uuid', (c) => c.notNull())
      .addColumn('tenant', 'text', (c) => c.notNull())
      .addColumn('type', 'text', (c) => c.notNull())
      .addColumn('uri', 'text', (c) => c.notNull())
      .addColumn('digest', 'text', (c) => c.notNull())
      .addColumn('bytes', 'bigint', (c) => c.notNull())
      .addColumn('media_type', 'text', (c) => c.notNull())
      .addColumn('run_id', 'uuid')
      .addColumn('directive_id', 'uuid')
      .addColumn('step_id', 'text')
      .addColumn('capability_id', 'text')
      .addColumn('trace_id', 'text')
      .addColumn('position', 'bigint', (c) => c.notNull())
      .addColumn('created_at', 'timestamptz', (c) => c.notNull())
      .addPrimaryKeyConstraint('artifacts_key', ['event_id', 'ordinal']),
  indexes: {
    by_id: (i) => i.column('artifact_id'),
    by_run: (i) => i.columns(['run_id', 'position']),
    by_tenant: (i) => i.columns(['tenant', 'position', 'ordinal']),
  },
  blind: true,
  key: (event) =>
    Array.from({ length: kindsOf(event).length + leftBy(event).length }, (_, ordinal) => ({
      event_id: event.id,
      ordinal,
    })),
  on: {
    DirectiveJudged: rowOf,
    StepJudged: rowOf,
    UndoJudged: rowOf,
    RunStarted: rowOf,
    StepSucceeded: rowOf,
    StepRetryScheduled: rowOf,
    StepFailed: rowOf,
    StepOutcomeUnknown: rowOf,
    UndoSucceeded: rowOf,
    UndoFailed: rowOf,
    RunCompleted: rowOf,
    RunFailed: rowOf,
    RunCanceled: rowOf,
    ModelReplied: rowOf,
    ModelRetryScheduled: rowOf,
    ModelFailed: rowOf,
    SessionReflected: rowOf,
    ReflectionRetryScheduled: rowOf,
    ReflectionFailed: rowOf,
  },
});
