import type { Action } from '../gate/action.ts';
import { derived } from '../kernel/ids.ts';
import type { GatePrincipal } from '../gate/principal.ts';
import type { Verdict } from '../gate/verdict.ts';
import type { DirectiveContent, DirectiveEvent, Origin } from './directive.events.ts';
import { directiveLifecycle, type DirectivePhase } from './directive.lifecycle.ts';

/** An agreement that is asked for or given, and to what exactly. */
export interface Asked {
  readonly step_id: string;
  readonly approval_id: string;
  readonly action: Action;
  readonly expires_at: string;
}

export interface DirectiveState {
  readonly phase: DirectivePhase;
  readonly directive_id: string;
  readonly content: DirectiveContent | null;
  readonly origin: Origin;
  readonly principal: GatePrincipal | null;
  readonly environment: string;
  readonly policy: Verdict['policy'] | null;
  /** How often somebody was asked: each time it is another approval. */
  readonly round: number;
  /** How often it was proposed: each time its run is another one. */
  readonly proposals: number;
  readonly asked: Asked | null;
  readonly run_id: string | null;
}

export const undrafted: DirectiveState = {
  phase: directiveLifecycle.initial,
  directive_id: '',
  content: null,
  origin: { kind: 'request' },
  principal: null,
  environment: '',
  policy: null,
  round: 0,
  proposals: 0,
  asked: null,
  run_id: null,
};

/** The run of a directive as it was proposed last: known before there is one, and the same after a crash. */
export const runIdOf = ({ directive_id, round, proposals }: DirectiveState): string =>
  proposals > 1 ? derived('run', directive_id, round, proposals) : derived('run', directive_id, round);

/** The same content with other arguments for one step. */
export const withStepArgs = (content: DirectiveContent, step_id: string, args: Action['args']): DirectiveContent => ({
  ...content,
  plan: {
    ...content.plan,
    steps: content.plan.steps.map((step) =>
      step.kind === 'action' && step.step_id === step_id ? { ...step, args } : step,
    ),
  },
});

/** What is known after an event; the phase is the machine's business. */
export const evolveDirective = (state: DirectiveState, event: DirectiveEvent): DirectiveState => {
  switch (event.type) {
    case 'DirectiveDrafted': {
      const { directive_id, content, origin } = event.data;
      return { ...state, directive_id, content, origin };
    }
    case 'DirectiveRevised':
      return { ...state, content: event.data.content };
    case 'DirectiveProposed':
      return {
        ...state,
        principal: event.data.principal,
        environment: event.data.environment,
        asked: null,
        proposals: state.proposals + 1,
      };
    case 'DirectiveJudged':
      return { ...state, policy: event.data.policy };
    case 'DirectiveApprovalRequested': {
      const { step_id, approval_id, action, expires_at } = event.data;
      return { ...state, round: state.round + 1, asked: { step_id, approval_id, action, expires_at } };
    }
    case 'DirectiveAmended': {
      const { step_id, args } = event.data;
      return state.content === null
        ? state
        : { ...state, asked: null, content: withStepArgs(state.content, step_id, args) };
    }
    case 'DirectiveBlocked':
      return { ...state, asked: null };
    case 'DirectiveDispatched':
      return { ...state, run_id: event.data.run_id };
    default:
      return state;
  }
};
