import type { Guardrail } from '../gate/guardrail.ts';
import type { DecisionContent, DecisionProposed, Outcome, relations } from './decision.events.ts';

type Proposed = ReturnType<typeof DecisionProposed>['data'];

/** What was said of a decision at the edge, before it is decided upon: the record keeps it, and nothing computes it again. */
export type DecisionGuard = Pick<Proposed, 'guardrails' | 'approval'>;

/** What of a decision can be said again; what is left out stays (requirements N20, N125). */
export type DecisionChange = Partial<
  Pick<DecisionContent, 'description' | 'context' | 'pattern' | 'confidence' | 'tags'>
>;

export type DecisionCommand =
  | {
      readonly type: 'RecordDecision';
      readonly decision_id: string;
      readonly agent_id: string;
      readonly session_id: string | null;
      readonly content: DecisionContent;
      readonly by: string;
      /** What guardrails say of it, and the request where they ask for an agreement; left out, it is held against none. */
      readonly guard?: DecisionGuard;
    }
  | {
      readonly type: 'RecordDecisionApproval';
      readonly approval_id: string;
      readonly ending: 'granted' | 'denied' | 'expired' | 'withdrawn' | 'superseded' | 'invalidated';
      readonly reason: string;
      readonly at: string;
    }
  | {
      readonly type: 'UpdateDecision';
      readonly change: DecisionChange;
      readonly by: string;
      /** What the decision is held against as it would then be; left out, against none (decision 0015). */
      readonly guardrails?: readonly Guardrail[];
    }
  | { readonly type: 'AddThought'; readonly thought_id: string; readonly text: string; readonly by: string }
  | {
      readonly type: 'ReviewDecision';
      readonly outcome: Outcome;
      readonly result: string;
      readonly by: string;
      readonly at: string;
    }
  | {
      readonly type: 'LinkDecision';
      readonly target_id: string;
      readonly relation: (typeof relations)[number];
      readonly weight: number;
      readonly auto_linked: boolean;
      readonly by: string;
    };
