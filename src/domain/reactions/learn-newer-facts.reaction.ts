import type { FactCommand } from '../fact/fact.commands.ts';
import { FactContradicted, FactSuperseded, type NewerFact } from '../fact/fact.events.ts';
import { streamOf } from '../kernel/ids.ts';
import { reaction, when, type Request } from '../kernel/reaction.ts';

const learned = (
  fact_id: string,
  newer: NewerFact | null,
  about: { readonly contradiction_of: string | null; readonly supersedes: string | null; readonly by: string },
): readonly Request[] => {
  if (newer === null) return [];
  const command: FactCommand = { type: 'LearnFact', fact_id, ...newer, ...about };
  return [{ stream: streamOf('fact', fact_id), command }];
};

/**
 * A fact that gave way to another never stands without it: whoever said so learns the newer one next, and where they did not
 * get there, this does. What was learned by then takes no notice.
 */
export const learnNewerFacts = reaction(
  'learn_newer_facts',
  when(FactSuperseded, ({ data: { fact_id, superseded_by, newer, by } }) =>
    learned(superseded_by, newer, { supersedes: fact_id, contradiction_of: null, by }),
  ),
  when(FactContradicted, ({ data: { fact_id, by_fact_id, newer, by } }) =>
    learned(by_fact_id, newer, { supersedes: null, contradiction_of: fact_id, by }),
  ),
);
