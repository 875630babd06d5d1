import type { RiskLevel } from '../capability/capability.spec.ts';
import type { Action } from '../gate/action.ts';
import { derived } from '../kernel/ids.ts';
import { withHands, type GatePrincipal } from '../gate/principal.ts';
import type { Verdict } from '../gate/verdict.ts';
import type { DirectiveContent, DirectiveEvent, Origin } from './directive.events.ts';
import { directiveLifecycle, type DirectivePhase } from './directive.lifecycle.ts';

/** An agreement that is asked for or given, and to what exactly. */
export interface Asked {
  readonly step_id: string;
  readonly approval_id: string;
  readonly action: Action;
  /** For whoever has to agree: what would be done, and how much is at risk. */
  readonly headline: string;
  readonly risk_level: RiskLevel;
  readonly expires_at: string;
}

export interface DirectiveState {
  readonly phase: DirectivePhase;
  readonly directive_id: string;
  readonly content: DirectiveContent | null;
  readonly origin: Origin;
  readonly principal: GatePrincipal | null;
  /** Everyone who wrote any of it, or asked for it: none of them agrees to it. */
  readonly hands: readonly string[];
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
  hands: [],
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

const withHand = (hands: readonly string[], by: string | null): readonly string[] =>
  by === null || hands.includes(by) ? hands : [...hands, by];

/** What is known after an event; the phase is the machine's business. */
export const evolveDirective = (state: DirectiveState, event: DirectiveEvent): DirectiveState => {
  switch (event.type) {
    case 'DirectiveDrafted': {
      const { directive_id, content, origin, issued_by } = event.data;
      return { ...state, directive_id, content, origin, hands: [issued_by] };
    }
    case 'DirectiveRevised':
      return { ...state, content: event.data.content, hands: withHand(state.hands, event.data.by) };
    case 'DirectiveProposed':
      return {
        ...state,
        principal: event.data.principal,
        hands: event.data.principal.chain.reduce(withHand, state.hands),
        environment: event.data.environment,
        asked: null,
        proposals: state.proposals + 1,
      };
    case 'DirectiveJudged':
      return { ...state, policy: event.data.policy };
    case 'DirectiveApprovalRequested': {
      const { step_id, approval_id, action, headline, verdict, expires_at } = event.data;
      const asked = { step_id, approval_id, action, headline, risk_level: verdict.risk_level, expires_at };
      return { ...state, round: state.round + 1, asked };
    }
    case 'DirectiveAmended': {
      const { step_id, args, by } = event.data;
      if (state.content === null || state.principal === null) return state;
      const principal = withHands(state.principal, [by]);
      const hands = withHand(state.hands, by);
      return { ...state, asked: null, principal, hands, content: withStepArgs(state.content, step_id, args) };
    }
    case 'DirectiveBlocked':
      return { ...state, asked: null };
    case 'DirectiveDispatched':
      return { ...state, run_id: event.data.run_id };
    default:
      return state;
  }
};
