import { setup } from 'xstate';
import { lifecycle } from '../kernel/lifecycle.ts';
import type { DirectiveEvent } from './directive.events.ts';

/**
 * draft → proposed → approved or blocked; approved → executing or blocked; executing → complete or aborted; what is blocked
 * may be proposed again (requirements D10, D11). Everything else is refused.
 */
export const directiveMachine = setup({ types: { events: {} as { type: DirectiveEvent['type'] } } }).createMachine({
  id: 'directive',
  initial: 'undrafted',
  states: {
    undrafted: { on: { DirectiveDrafted: 'draft' } },
    draft: { on: { DirectiveRevised: 'draft', DirectiveProposed: 'proposed' } },
    proposed: {
      on: {
        DirectiveJudged: 'proposed',
        DirectiveApprovalRequested: 'proposed',
        DirectiveAmended: 'proposed',
        DirectiveApproved: 'approved',
        DirectiveBlocked: 'blocked',
      },
    },
    approved: { on: { DirectiveDispatched: 'executing', DirectiveBlocked: 'blocked' } },
    executing: { on: { DirectiveCompleted: 'complete', DirectiveAborted: 'aborted' } },
    blocked: { on: { DirectiveProposed: 'proposed' } },
    complete: { type: 'final' },
    aborted: { type: 'final' },
  },
});

export const directiveLifecycle = lifecycle(directiveMachine);
export type DirectivePhase = typeof directiveLifecycle.initial;
