import type { RiskLevel } from '../capability/capability.spec.ts';
import { actionOf, type Action, type Callee } from './action.ts';
import { authorize } from './authorize.ts';
import type { Materials, Parsed } from './materials.ts';
import type { ActionStep } from './plan.ts';
import type { GatePrincipal } from './principal.ts';
import type { Question } from './question.ts';
import { stricter, type Verdict } from './verdict.ts';

/** Who wants a step done, where, and what it may cost. */
export interface Asker {
  readonly principal: GatePrincipal;
  readonly scope: string;
  readonly environment: string;
  readonly budget_micros: number | 'unreadable' | null;
  readonly stakes: RiskLevel | null;
}

/** The gate's answer for a step, and what exactly it speaks of; `action` is null where there is nothing that could run. */
export interface Judgement {
  readonly question: Question;
  readonly verdict: Verdict;
  readonly action: Action | null;
  readonly callee: Callee | null;
  /** What would undo it, judged with it: nothing that needs undoing begins where its undoing is denied. */
  readonly compensation: { readonly action: Action; readonly callee: Callee; readonly verdict: Verdict } | null;
}

const reasonCharsMax = 2_000;

const questionOf = (asker: Asker, capability_id: string, args: unknown): Question => {
  const { stakes, ...question } = asker;
  return { ...question, capability_id, args, ...(stakes === null ? {} : { stakes }) };
};

const calleeOf = ({ spec }: Parsed, step: ActionStep): Callee => ({
  capability_id: spec.capability_id,
  version: spec.version,
  effect_class: spec.effect_class,
  timeout_ms: Math.min(spec.timeout_ms, step.timeout_ms ?? spec.timeout_ms),
  cost_micros: spec.cost_micros,
});

/** The capability's verdict, made stricter where what would undo it is judged more strictly. */
const together = (verdict: Verdict, undoing: Verdict | undefined): Verdict => {
  if (undoing === undefined || stricter(verdict.decision, undoing.decision) === verdict.decision) return verdict;
  const reason = `what undoes it: ${undoing.reason}`.slice(0, reasonCharsMax);
  return { ...verdict, decision: undoing.decision, reason, approval: undoing.approval ?? verdict.approval };
};

/**
 * What would run, and what whoever agrees to it relies on: also what undoes it, for that is agreed to with it and needs no
 * word of its own (decision 0015). Null where there is nothing that could run.
 */
export const actionOfStep = ({ called, undoing, active }: Pick<Materials, 'called' | 'undoing' | 'active'>) => {
  if (called === null) return null;
  const undone_by = undoing === null ? undefined : { capability_id: undoing.spec.capability_id, args: undoing.args };
  const relied = undone_by === undefined ? called.preconditions : { ...called.preconditions, undone_by };
  return actionOf(called.spec, called.args, active.digest, relied);
};

/** Judges a step and what would undo it, under the policy that is in force now. Pure. */
export const judge = (asker: Asker, step: ActionStep, materials: Materials): Judgement => {
  const { called, undoing, undoing_missing, active } = materials;
  const question = questionOf(asker, step.capability_id, called?.args ?? step.args);
  const compensation =
    undoing === null
      ? null
      : {
          action: actionOf(undoing.spec, undoing.args, active.digest),
          callee: calleeOf(undoing, step),
          verdict: authorize(questionOf(asker, undoing.spec.capability_id, undoing.args), undoing.spec, active),
        };
  const unfounded =
    undoing_missing === undefined ? undefined : authorize(questionOf(asker, undoing_missing, {}), undefined, active);
  return {
    question,
    verdict: together(authorize(question, called?.spec, active), compensation?.verdict ?? unfounded),
    action: actionOfStep(materials),
    callee: called === null ? null : calleeOf(called, step),
    compensation,
  };
};

/** Judges what undoes a step when it is needed: its arguments are known to the last only then (decision 0015). Pure. */
export const judgeUndoing = (
  asker: Asker,
  { capability_id, args }: Pick<Action, 'capability_id' | 'args'>,
  { called, active }: Pick<Materials, 'called' | 'active'>,
): Pick<Judgement, 'question' | 'verdict'> => {
  const question = questionOf(asker, capability_id, called?.args ?? args);
  return { question, verdict: authorize(question, called?.spec, active) };
};
