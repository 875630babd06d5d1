import { budgetIdOf } from '../../../src/commands/budgets/budgets.operations.ts';
import { budgetsHold, runsWithinBudget } from '../checker/budget.invariants.ts';
import { everythingEnds, sights } from '../checker/ends.invariant.ts';
import * as Gate from '../checker/gate.invariants.ts';
import { inLifecycle } from '../checker/lifecycle.invariant.ts';
import * as Log from '../checker/log.invariants.ts';
import * as Run from '../checker/run.invariants.ts';
import { founds } from './run.founding.ts';
import { approves, minds, rules, wants } from './run.people.ts';
import { runNode } from './run.node.ts';
import type { Scenario } from './scenario.ts';

const tenantBudget = budgetIdOf('default', { kind: 'tenant' }, 'total');

/** Directives and runs: agents propose, people agree, capabilities act on the world, and the rules change meanwhile. */
export const runs: Scenario = {
  name: 'runs',
  cast: (stage) => {
    const { chance } = stage.world;
    const grants = chance.happens(0.4) ? [chance.id()] : [];
    for (let n = chance.between(1, 3); n > 0; n -= 1) stage.node(`node${n}`, runNode(stage, grants));
    const agents = Array.from({ length: chance.between(1, 2) }, chance.id);
    stage.actor('founder', founds(stage, agents, tenantBudget, grants));
    for (let n = chance.between(1, 3); n > 0; n -= 1) stage.actor(`client${n}`, wants(stage, agents, [chance.id()]));
    for (const name of ['ann', 'ben', 'cleo']) stage.actor(name, approves(stage, `user:${name}`));
    stage.actor('steward', rules(stage));
    stage.actor('operator', minds(stage, agents));
  },
  invariants: [
    Log.ordered,
    Log.linked,
    Log.once,
    Log.kept,
    inLifecycle,
    Gate.allowed,
    Gate.judgedNow,
    Gate.stopHolds,
    Gate.withdrawn,
    Run.oneOutcome,
    Run.calledAsIntended,
    Run.undoneInReverse,
    budgetsHold,
    runsWithinBudget,
    everythingEnds,
    sights,
  ],
  sometimes: [
    ...['Completed', 'Failed', 'Canceled', 'TimedOut', 'Paused', 'Resumed'].map((each) => `event.Run${each}`),
    ...['Denied', 'Expired', 'Withdrawn', 'Superseded', 'Invalidated', 'Used'].map((each) => `event.Approval${each}`),
    ...['Blocked', 'Completed', 'Aborted', 'Amended', 'Revised'].map((each) => `event.Directive${each}`),
    ...['Amended', 'OutcomeUnknown', 'RetryDue', 'Skipped'].map((each) => `event.Step${each}`),
    ...['Breached', 'Released', 'Settled', 'TierReached'].map((each) => `event.Budget${each}`),
    ...['event.GrantUsed', 'event.GrantExhausted', 'event.UndoFailed', 'event.UndoSucceeded'],
    ...['event.CapabilityRevised', 'event.CapabilityDisabled', 'event.PolicySuspended', 'event.AgentStopped'],
    ...['done', 'not_done', 'retry'].map((answer) => `resolved.${answer}`),
    ...['policy_denied', 'approval_denied', 'approval_expired', 'withdrawn'].map((code) => `blocked.${code}`),
    ...['policy_denied', 'budget_exceeded', 'approval_invalidated', 'directive_withdrawn'].map(
      (code) => `failed.${code}`,
    ),
    ...['complete', 'incomplete', 'left', 'not_needed'].map((rollback) => `rollback.${rollback}`),
    ...['OwnRequest', 'RoleMissing', 'VotedAlready', 'ApprovalClosed', 'ActionChanged', 'ArgumentsInvalid'].map(
      (each) => `refused.${each}`,
    ),
    ...['policy_changed_mid_run', 'two_undos', 'another_attempt'],
    ...['conflict', 'zombie_refused', 'journal.process_yielded', 'journal.lease_lost', 'restart.node'],
    ...['RunCreated', 'StepJudged', 'StepIntended', 'StepSucceeded', 'ApprovalGranted', 'BudgetReserved'].map(
      (type) => `lost_ack.${type}`,
    ),
  ],
};
