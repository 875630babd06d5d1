import type { Plan } from '../gate/plan.ts';
import type { GatePrincipal } from '../gate/principal.ts';
import type { Effect, Outcome, Process, Wait } from '../kernel/process.ts';
import type { DirectiveCommand } from './directive.commands.ts';
import { directive, type DirectiveRefused } from './directive.decider.ts';
import type { DirectiveEvent } from './directive.events.ts';
import { runIdOf, type Asked, type DirectiveState } from './directive.state.ts';

/** Begin the run of a directive that has passed the gate. */
export interface DispatchEffect extends Effect {
  readonly kind: 'dispatch';
  readonly directive_id: string;
  readonly run_id: string;
  readonly plan: Plan;
  readonly principal: GatePrincipal;
  readonly scope: string;
  readonly environment: string;
  readonly approval: Asked | null;
}

const next = (state: DirectiveState): readonly (DispatchEffect | Wait)[] => {
  const { phase, directive_id, content, principal, environment, asked, round, proposals } = state;
  if (phase !== 'approved' || content === null || principal === null) return [];
  const run_id = runIdOf(state);
  const { plan, scope } = content;
  const key = `${directive_id}:dispatch:${round}${proposals > 1 ? `:${proposals}` : ''}`;
  return [{ kind: 'dispatch', key, directive_id, run_id, plan, principal, scope, environment, approval: asked }];
};

/** Only what has passed the gate is executed, and only by its run (requirements D130, 2). */
export const directiveProcess: Process<
  DirectiveCommand,
  DirectiveState,
  DirectiveEvent,
  DirectiveRefused,
  DispatchEffect
> = {
  ...directive,
  next,
  outcome: (_, outcome) => ({ type: 'RecordDispatch', outcome: outcome as Outcome<{ run_id: string }> }),
  done: ({ phase }) => phase !== 'approved',
};
