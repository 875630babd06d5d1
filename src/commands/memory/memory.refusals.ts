import type { CensorRefusal } from '../../domain/censor/censor.decider.ts';
import type { EpisodeRefusal } from '../../domain/episode/episode.decider.ts';
import type { FactRefusal } from '../../domain/fact/fact.decider.ts';
import type { Problem } from '../../domain/kernel/operation.ts';
import type { ProcedureRefusal } from '../../domain/procedure/procedure.decider.ts';
import type { WorkingMemoryRefusal } from '../../domain/working-memory/working-memory.decider.ts';
import { problem } from '../../problems.ts';

/** Refusals of what is remembered. */
export type MemoryRefusal = FactRefusal | EpisodeRefusal | ProcedureRefusal | CensorRefusal | WorkingMemoryRefusal;

const reasons: ReadonlySet<string> = new Set<MemoryRefusal['reason']>([
  'FactUnknown',
  'FactAgainstItself',
  'EpisodeUnknown',
  'ProcedureUnknown',
  'CensorUnknown',
  'PersonNeeded',
  'WorkingMemoryAbsent',
  'TooManyThreads',
]);

export const isOfMemory = <R extends { readonly reason: string }>(
  refusal: R,
): refusal is Extract<R, { readonly reason: MemoryRefusal['reason'] }> => reasons.has(refusal.reason);

/** A refusal of what is remembered in the words of the problem catalogue. */
export const problemOfMemory = (refusal: MemoryRefusal): Problem => {
  switch (refusal.reason) {
    case 'FactUnknown':
      return problem('not_found', 'there is no such fact');
    case 'EpisodeUnknown':
      return problem('not_found', 'there is no such episode');
    case 'ProcedureUnknown':
      return problem('not_found', 'there is no such procedure');
    case 'CensorUnknown':
      return problem('not_found', 'there is no such censor');
    case 'WorkingMemoryAbsent':
      return problem('not_found', 'the session has no working memory: it begins with a focus');
    case 'FactAgainstItself':
      return problem('against_itself', 'a fact neither contradicts nor supersedes itself');
    case 'PersonNeeded':
      return problem('person_needed', `only a person makes a censor ${refusal.action}`);
    case 'TooManyThreads':
      return problem('too_many_threads', `${refusal.threads_max} threads are open`, {
        more: { threads_max: refusal.threads_max },
      });
  }
};
