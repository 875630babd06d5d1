import type { ApprovalRefusal } from '../../domain/approval/approval.decider.ts';
import { limitMissing } from '../../domain/budget/budget.commands.ts';
import type { BudgetRefusal } from '../../domain/budget/budget.decider.ts';
import type { CapabilityRefusal } from '../../domain/capability/capability.decider.ts';
import type { DirectiveRefusal } from '../../domain/directive/directive.decider.ts';
import type { GrantRefusal } from '../../domain/grant/grant.decider.ts';
import type { PolicyRefusal } from '../../domain/policy/policy.decider.ts';
import type { RunRefusal } from '../../domain/run/run.decider.ts';
import type { Problem } from '../../domain/kernel/operation.ts';
import { problem } from '../../problems.ts';

/** Refusals of what acts, and of what stands in the way of acting. */
export type GateRefusal =
  ApprovalRefusal | BudgetRefusal | CapabilityRefusal | DirectiveRefusal | GrantRefusal | PolicyRefusal | RunRefusal;

/** Nouns of which there is none by that id. */
const unknown: Readonly<Record<string, string>> = {
  ApprovalUnknown: 'approval',
  BudgetUnknown: 'budget',
  CapabilityUnknown: 'capability',
  DirectiveUnknown: 'directive',
  GrantUnknown: 'grant',
  PolicyUnknown: 'policy',
  RunUnknown: 'run',
};

type Unknown = Extract<
  GateRefusal,
  { reason: `${'Approval' | 'Budget' | 'Capability' | 'Directive' | 'Grant' | 'Policy' | 'Run'}Unknown` }
>;

const isUnknown = (refusal: GateRefusal): refusal is Unknown => Object.hasOwn(unknown, refusal.reason);

/** A refusal of the gate, or of what passes it, in the words of the problem catalogue. */
export const problemOfGate = (refusal: GateRefusal): Problem =>
  isUnknown(refusal) ? problem('not_found', `there is no such ${unknown[refusal.reason]}`) : told(refusal);

/** An approval that was used is a granted one, on every surface. */
const statusAt = (ending: Extract<ApprovalRefusal, { reason: 'ApprovalClosed' }>['ending']): string =>
  ending === 'used' ? 'granted' : ending;

const toldOfBudget = (refusal: Exclude<BudgetRefusal, Unknown>): Problem => {
  switch (refusal.reason) {
    case 'BudgetIsClosed':
      return problem('budget_closed', 'the budget is closed');
    case 'LimitMissing':
      return problem('validation_failed', limitMissing, {
        more: { errors: [{ pointer: '#', message: limitMissing }] },
      });
    case 'BudgetTooLow':
      return problem('validation_failed', 'more than that is spent and set aside already', {
        more: { held: refusal.held },
      });
  }
};

const told = (refusal: Exclude<GateRefusal, Unknown>): Problem => {
  switch (refusal.reason) {
    case 'StepUnknown':
      return problem('not_found', `the run has no step ${refusal.step_id}`);
    case 'PolicyVersionUnknown':
      return problem(
        'not_found',
        `there is no version ${refusal.version} of the policy; the newest is ${refusal.newest}`,
      );
    case 'PolicyDigestDiffers':
      return problem('action_changed', `version ${refusal.version} has the digest ${refusal.digest}`, {
        more: { digest: refusal.digest },
      });
    case 'ActionChanged':
      return problem('action_changed', 'what would run is not what you have read', {
        more: { action_digest: refusal.action_digest },
      });
    case 'OfferChanged':
      return problem('action_changed', 'what is offered is not what you have read', {
        more: { spec_digest: refusal.spec_digest },
      });
    case 'RiskRulesBroken':
      return problem('validation_failed', refusal.violations.map(({ message }) => message).join('; '), {
        more: { errors: refusal.violations.map(({ rule, message }) => ({ pointer: '#/spec/risk', rule, message })) },
      });
    case 'ArgumentsInvalid':
      return problem('validation_failed', `${refusal.step_id}: ${refusal.message}`, {
        more: { errors: [{ pointer: `#/steps/${refusal.step_id}/args`, message: refusal.message }] },
      });
    case 'NothingToAmend':
    case 'StepNotThere':
      return problem('step_not_waiting', `the step ${refusal.step_id} does not wait for this`, {
        more: { step_id: refusal.step_id, ...('status' in refusal ? { step_status: refusal.status } : {}) },
      });
    case 'RunEnded':
      return problem('run_ended', 'the run has ended');
    case 'GrantEnded':
    case 'GrantExpired':
    case 'GrantDoesNotCover':
      return problem('conflict', 'the grant does not stand for this');
    case 'BudgetIsClosed':
    case 'LimitMissing':
    case 'BudgetTooLow':
      return toldOfBudget(refusal);
    default:
      return toldOfApproval(refusal);
  }
};

/** Why nobody agrees, or why an agreement does not stand. */
const toldOfApproval = (refusal: Exclude<ApprovalRefusal, Unknown | { reason: 'ActionChanged' }>): Problem => {
  switch (refusal.reason) {
    case 'ApprovalClosed':
      return problem('approval_closed', `it has been decided: ${refusal.ending}`, {
        more: { approval_status: statusAt(refusal.ending) },
      });
    case 'ApprovalNotGranted':
      return problem('approval_closed', 'nobody has agreed yet', { more: { approval_status: 'open' } });
    case 'ApprovalIsExpired':
      return problem('approval_closed', `it was open until ${refusal.expires_at}`, {
        more: { approval_status: 'expired' },
      });
    case 'OwnRequest':
      return problem('four_eyes', 'you had a hand in asking for it: somebody else has to decide');
    case 'PersonRequired': {
      const { risk_level, over_mcp } = refusal;
      return problem(
        'person_required',
        risk_level === 'high' || risk_level === 'critical'
          ? `its risk is ${risk_level}: acta approve shows it to the person who decides`
          : 'over this protocol only what a person was asked counts, and this client did not ask one: acta approve does',
        { more: { risk_level, over_mcp } },
      );
    }
    case 'RoleMissing':
      return problem('role_missing', `it takes one of these roles: ${refusal.roles.join(', ')}`, {
        more: { roles: refusal.roles },
      });
    case 'ReasonRequired':
      return problem('validation_failed', 'the policy asks for a reason', {
        more: { errors: [{ pointer: '#/reason', message: 'is required here' }] },
      });
    case 'VotedAlready':
      return problem('already_exists', 'you have agreed already');
  }
};
