import { z } from 'zod';
import { event, type Occurrence } from '../kernel/event.ts';
import { Source } from '../memory/source.ts';
import { actor, memoryId, Tags, why } from '../memory/words.ts';

/** Where a procedure belongs (requirements N82). */
export const procedureDomains = ['architecture', 'debugging', 'deployment', 'trading', 'research'] as const;
export const ProcedureDomain = z.enum(procedureDomains);
export const procedureOutcomes = ['success', 'failure', 'neutral'] as const;
export const ProcedureOutcome = z.enum(procedureOutcomes);

const procedure_id = memoryId;
const parts = z.array(z.string().min(1).max(2_000)).max(50);

/**
 * A way of doing something: what it is for (`goals`), what it consists of (`core_…`) and what was particular to the time it
 * was learned (`implementation_notes`) (requirements N82).
 */
export const ProcedureContent = z.strictObject({
  name: z.string().min(1).max(200),
  domain: ProcedureDomain.nullable(),
  description: z.string().max(8_000).nullable(),
  goals: parts,
  core_patterns: parts,
  core_tools: parts,
  core_concepts: parts,
  implementation_notes: parts,
  tags: Tags,
});
export type ProcedureContent = z.infer<typeof ProcedureContent>;

export const ProcedureStored = event(
  'ProcedureStored',
  z.object({ procedure_id, agent_id: memoryId, ...ProcedureContent.shape, source: Source, by: actor }),
  {
    personal: ['name', 'description', 'goals', 'core_patterns', 'core_tools', 'core_concepts', 'implementation_notes'],
  },
);
export const ProcedureActivated = event(
  'ProcedureActivated',
  z.object({ procedure_id, activations: z.int().min(1), by: actor }),
);
/** How it went once more, and how often it went so by now. */
export const ProcedureOutcomeRecorded = event(
  'ProcedureOutcomeRecorded',
  z.object({
    procedure_id,
    outcome: ProcedureOutcome,
    successes: z.int().min(0),
    failures: z.int().min(0),
    neutrals: z.int().min(0),
    by: actor,
  }),
);
export const ProcedureRetired = event('ProcedureRetired', z.object({ procedure_id, reason: why, by: actor }));
/** From here on no read model holds what it said (requirements C43). */
export const ProcedureForgotten = event('ProcedureForgotten', z.object({ procedure_id, reason: why, by: actor }));

export const procedureEvents = [
  ProcedureStored,
  ProcedureActivated,
  ProcedureOutcomeRecorded,
  ProcedureRetired,
  ProcedureForgotten,
] as const;
export type ProcedureEvent = Occurrence<typeof procedureEvents>;
