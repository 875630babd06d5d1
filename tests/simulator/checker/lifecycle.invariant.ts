import { agentLifecycle } from '../../../src/domain/agent/agent.lifecycle.ts';
import { approvalLifecycle } from '../../../src/domain/approval/approval.lifecycle.ts';
import { budgetLifecycle } from '../../../src/domain/budget/budget.lifecycle.ts';
import { capabilityLifecycle } from '../../../src/domain/capability/capability.lifecycle.ts';
import { directiveLifecycle } from '../../../src/domain/directive/directive.lifecycle.ts';
import { grantLifecycle } from '../../../src/domain/grant/grant.lifecycle.ts';
import { policyLifecycle } from '../../../src/domain/policy/policy.lifecycle.ts';
import { runLifecycle } from '../../../src/domain/run/run.lifecycle.ts';
import { sessionLifecycle } from '../../../src/domain/session/session.lifecycle.ts';
import { nothing, type InvariantOf } from './history.ts';

interface Machine {
  readonly initial: string;
  readonly next: (phase: never, step: string) => string | undefined;
}

const machines: ReadonlyMap<string, Machine> = new Map<string, Machine>([
  ['agent', agentLifecycle],
  ['session', sessionLifecycle],
  ['approval', approvalLifecycle],
  ['budget', budgetLifecycle],
  ['capability', capabilityLifecycle],
  ['directive', directiveLifecycle],
  ['grant', grantLifecycle],
  ['policy', policyLifecycle],
  ['run', runLifecycle],
]);

const nounOf = (stream: string): string => stream.slice(0, stream.indexOf('-'));
/** I12: every recorded step is one that the machine of its aggregate has. */
export const inLifecycle: InvariantOf = () => {
  const phases = new Map<string, string>();
  return {
    id: 'I12',
    check: ({ stream, revision, type }) => {
      const machine = machines.get(nounOf(stream));
      if (machine === undefined) return undefined;
      const phase = phases.get(stream) ?? machine.initial;
      const after = machine.next(phase as never, type);
      if (after === undefined) return `${stream}@${revision}: ${type} follows in phase ${phase}`;
      phases.set(stream, after);
      return undefined;
    },
    atEnd: nothing,
  };
};
