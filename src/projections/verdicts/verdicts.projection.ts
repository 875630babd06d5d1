import type { DirectiveEvent } from '../../domain/directive/directive.events.ts';
import type { Recorded } from '../../domain/kernel/event.ts';
import { derived } from '../../domain/kernel/ids.ts';
import { tenantOf } from '../../domain/kernel/tenant.ts';
import type { RunEvent } from '../../domain/run/run.events.ts';
import { projection, type Key } from '../projection.ts';

type StepJudged = Extract<RunEvent, { type: 'StepJudged' }>['data'];
type Question = StepJudged['question'];
type Verdict = StepJudged['verdict'];

export interface VerdictRow {
  readonly event_id: string;
  readonly step_id: string;
  readonly verdict_id: string;
  readonly tenant: string;
  /** `directive`: before anything began; `run`: when the step was about to; `rollback`: when its compensation was. */
  readonly judged_in: string;
  readonly directive_id: string | null;
  readonly run_id: string | null;
  readonly attempt: number | null;
  readonly capability_id: string;
  readonly agent_id: string | null;
  readonly principal: Question['principal'];
  readonly scope: string;
  readonly environment: string;
  readonly decision: string;
  readonly basis: string;
  readonly rule_id: string | null;
  readonly reason: string;
  readonly risk_level: string;
  readonly policy_name: string;
  readonly policy_version: number;
  readonly policy_digest: string;
  readonly question: Question;
  readonly spec_digest: string | null;
  readonly verdict: Verdict;
  readonly judged_at: string;
  readonly position: bigint;
}

interface Judged {
  readonly step_id: string;
  readonly question: Question;
  readonly spec_digest: string | null;
  readonly verdict: Verdict;
}

const rowOf = (
  event: Recorded,
  { step_id, question, spec_digest, verdict }: Judged,
  where: Pick<VerdictRow, 'judged_in' | 'directive_id' | 'run_id' | 'attempt'>,
): VerdictRow => ({
  event_id: event.id,
  step_id,
  verdict_id: derived('verdict', event.id, step_id),
  tenant: tenantOf(event),
  ...where,
  capability_id: question.capability_id,
  agent_id: question.principal.type === 'agent' ? question.principal.id : null,
  principal: question.principal,
  scope: question.scope,
  environment: question.environment,
  decision: verdict.decision,
  basis: verdict.basis,
  rule_id: verdict.rule?.rule_id ?? null,
  reason: verdict.reason,
  risk_level: verdict.risk_level,
  policy_name: verdict.policy.name,
  policy_version: verdict.policy.version,
  policy_digest: verdict.policy.digest,
  question,
  spec_digest,
  verdict,
  judged_at: event.recorded_at,
  position: event.position,
});

const stepOf = (key: Key): unknown => (typeof key === 'object' ? key['step_id'] : key);

/** Everything the gate has said, with what it was asked. */
export const verdicts = projection<VerdictRow, DirectiveEvent | RunEvent>({
  name: 'verdicts',
  version: 1,
  table: (t) =>
    t
      .addColumn('event_id', 'uuid', (c) => c.notNull())
      .addColumn('step_id', 'text', (c) => c.notNull())
      .addColumn('verdict_id', 'uuid', (c) => c.notNull())
      .addColumn('tenant', 'text', (c) => c.notNull())
      .addColumn('judged_in', 'text', (c) => c.notNull())
      .addColumn('directive_id', 'uuid')
      .addColumn('run_id', 'uuid')
      .addColumn('attempt', 'integer')
      .addColumn('capability_id', 'text', (c) => c.notNull())
      .addColumn('agent_id', 'text')
      .addColumn('principal', 'jsonb', (c) => c.notNull())
      .addColumn('scope', 'text', (c) => c.notNull())
      .addColumn('environment', 'text', (c) => c.notNull())
      .addColumn('decision', 'text', (c) => c.notNull())
      .addColumn('basis', 'text', (c) => c.notNull())
      .addColumn('rule_id', 'text')
      .addColumn('reason', 'text', (c) => c.notNull())
      .addColumn('risk_level', 'text', (c) => c.notNull())
      .addColumn('policy_name', 'text', (c) => c.notNull())
      .addColumn('policy_version', 'integer', (c) => c.notNull())
      .addColumn('policy_digest', 'text', (c) => c.notNull())
      .addColumn('question', 'jsonb', (c) => c.notNull())
      .addColumn('spec_digest', 'text')
      .addColumn('verdict', 'jsonb', (c) => c.notNull())
      .addColumn('judged_at', 'timestamptz', (c) => c.notNull())
      .addColumn('position', 'bigint', (c) => c.notNull())
      .addPrimaryKeyConstraint('verdicts_key', ['event_id', 'step_id']),
  indexes: {
    by_tenant: (i) => i.columns(['tenant', 'position', 'verdict_id']),
    by_run: (i) => i.column('run_id'),
    by_rule: (i) => i.columns(['rule_id', 'position']),
    by_capability: (i) => i.columns(['capability_id', 'position']),
  },
  blind: true,
  key: ({ id, type, data }) => {
    if (type === 'DirectiveJudged') return data.steps.map(({ step_id }) => ({ event_id: id, step_id }));
    return type === 'StepJudged' || type === 'UndoJudged' ? { event_id: id, step_id: data.step_id } : null;
  },
  on: {
    DirectiveJudged: (_, event, key) => {
      const step = event.data.steps.find(({ step_id }) => step_id === stepOf(key));
      const { directive_id } = event.data;
      const where = { judged_in: 'directive', directive_id, run_id: null, attempt: null };
      return step === undefined ? null : rowOf(event, step, where);
    },
    StepJudged: (_, event) => {
      const { run_id, attempt } = event.data;
      return rowOf(event, event.data, { judged_in: 'run', directive_id: null, run_id, attempt });
    },
    UndoJudged: (_, event) => {
      const { run_id } = event.data;
      return rowOf(event, event.data, { judged_in: 'rollback', directive_id: null, run_id, attempt: null });
    },
  },
});
