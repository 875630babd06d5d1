import { judge, type Asker, type Judgement } from '../gate/judge.ts';
import type { Materials } from '../gate/materials.ts';
import { noPolicy } from '../gate/no-policy.ts';
import type { GatePrincipal } from '../gate/principal.ts';
import { stricter, type Verdict } from '../gate/verdict.ts';
import { derived } from '../kernel/ids.ts';
import type { StepMaterials } from './directive.commands.ts';
import * as Events from './directive.events.ts';
import type { DirectiveContent, DirectiveEvent, Origin } from './directive.events.ts';

/** A step that nothing was found out about is denied: the gate fails closed. */
const nothingFound: Materials = {
  called: null,
  standing: 'unknown',
  undoing: null,
  active: noPolicy,
  agent: 'unknown',
  grant_id: null,
  budget_ids: [],
  life: '',
};

interface Judged extends Judgement {
  readonly step_id: string;
}

const askerOf = ({ scope, plan }: DirectiveContent, principal: GatePrincipal, environment: string): Asker => ({
  principal,
  scope,
  environment,
  budget_micros: plan.budget_micros,
  stakes: plan.stakes,
});

const judgedSteps = (content: DirectiveContent, asker: Asker, materials: StepMaterials): readonly Judged[] =>
  content.plan.steps.flatMap((step): readonly Judged[] => {
    if (step.kind === 'human_approval') return [];
    return [{ step_id: step.step_id, ...judge(asker, step, materials[step.step_id] ?? nothingFound) }];
  });

const decisionOf = (steps: readonly Judged[]): Verdict['decision'] =>
  steps.reduce<Verdict['decision']>((strictest, { verdict }) => stricter(strictest, verdict.decision), 'allow');

interface Judging {
  readonly directive_id: string;
  readonly origin: Origin;
  readonly content: DirectiveContent;
  readonly principal: GatePrincipal;
  readonly environment: string;
  readonly materials: StepMaterials;
  readonly at: string;
  readonly round: number;
  readonly supersedes: string | null;
}

/**
 * The gate's word on the whole directive: any step that is denied blocks it. A plan of one step that needs a person's
 * agreement waits for it; of several, each waits when it is its turn. Everything else passes (requirements D27, D30).
 */
export const judged = (judging: Judging): readonly DirectiveEvent[] => {
  const { directive_id, origin, content, principal, environment, materials, at, round, supersedes } = judging;
  const steps = judgedSteps(content, askerOf(content, principal, environment), materials);
  const decision = decisionOf(steps);
  const policy = steps[0]?.verdict.policy ?? { name: 'none', version: 0, digest: noPolicy.digest };
  const said = steps.map(({ step_id, question, verdict, action }) => ({
    step_id,
    question,
    spec_digest: action?.spec_digest ?? null,
    verdict,
  }));
  const record = Events.DirectiveJudged({ directive_id, decision, policy, steps: said, at });
  if (decision === 'deny') {
    const reasons = steps
      .filter(({ verdict }) => verdict.decision === 'deny')
      .map(({ step_id, verdict }) => `${step_id}: ${verdict.reason}`.slice(0, 2_000));
    return [
      record,
      Events.DirectiveBlocked({
        directive_id,
        origin,
        by: 'policy',
        code: 'policy_denied',
        reasons,
        approval_id: null,
        at,
      }),
    ];
  }
  const [only, ...more] = content.plan.steps;
  const first = steps.find(({ step_id }) => step_id === only?.step_id);
  const granted = first === undefined ? null : (materials[first.step_id]?.grant_id ?? null);
  const terms = first?.verdict.approval;
  if (
    decision === 'require_approval' &&
    more.length === 0 &&
    granted === null &&
    first?.action != null &&
    terms != null
  ) {
    const { step_id, action, verdict } = first;
    return [
      record,
      Events.DirectiveApprovalRequested({
        directive_id,
        step_id,
        approval_id: derived('approval', directive_id, step_id, round + 1),
        action,
        headline: `${content.objective} (${action.capability_id})`.slice(0, 2_000),
        verdict,
        terms,
        requested_by: principal,
        at,
        expires_at: new Date(Date.parse(at) + terms.expires_in_ms).toISOString(),
        supersedes,
      }),
    ];
  }
  return [record, Events.DirectiveApproved({ directive_id, human_override: false, approval_id: null, policy, at })];
};
