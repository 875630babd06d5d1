import type { CapabilitySpec } from '../capability/capability.spec.ts';
import type { Action } from './action.ts';
import type { ActivePolicy } from './question.ts';

/** A capability as the registry has it now, and arguments as its own schema has parsed them. */
export interface Parsed {
  readonly spec: CapabilitySpec;
  readonly args: Action['args'];
  /** What is wrong with the arguments; null where nothing is. */
  readonly fault: string | null;
  readonly preconditions: Action['preconditions'];
}

/** All that the gate is asked with for one step, as it was found in the log a moment ago. */
export interface Materials {
  /** Null where nobody has registered it, or it is disabled, suspended or retired; `standing` says which. */
  readonly called: Parsed | null;
  readonly standing: string;
  readonly undoing: Parsed | null;
  /** The capability that is said to undo it, where nobody may call that one. */
  readonly undoing_missing?: string;
  readonly active: ActivePolicy;
  /** `active` where the agent may go on. */
  readonly agent: 'active' | 'paused' | 'stopped' | 'retired' | 'unknown';
  /** A grant that covers the question, if there is one. */
  readonly grant_id: string | null;
  /** Budgets that limit what this agent spends. */
  readonly budget_ids: readonly string[];
  readonly life: string;
}
