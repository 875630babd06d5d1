import type { z } from 'zod';
import type { Source } from '../memory/source.ts';
import type { FactContent, NewerFact } from './fact.events.ts';

export interface LearnFact extends z.infer<typeof FactContent> {
  readonly type: 'LearnFact';
  readonly fact_id: string;
  readonly agent_id: string;
  readonly source: Source;
  /** The fact that this one says otherwise; both stand. */
  readonly contradiction_of: string | null;
  /** The fact in whose place this one comes. */
  readonly supersedes: string | null;
  readonly by: string;
}

export type FactCommand =
  | LearnFact
  | { readonly type: 'ConfirmFact'; readonly by: string; readonly source: Source | null }
  | {
      readonly type: 'ContradictFact';
      readonly by_fact_id: string;
      readonly by: string;
      /** What the other one says, where it is yet to be learned. */
      readonly newer?: NewerFact | null;
    }
  | {
      readonly type: 'SupersedeFact';
      readonly superseded_by: string;
      readonly by: string;
      /** What the one in its place says, where it is yet to be learned. */
      readonly newer?: NewerFact | null;
    }
  | { readonly type: 'DeactivateFact'; readonly reason: string; readonly by: string }
  | { readonly type: 'ForgetFact'; readonly reason: string; readonly by: string };
