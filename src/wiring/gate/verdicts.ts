import type { CommandContext } from '../../commands/context.ts';
import { Decision } from '../../domain/gate/policy.document.ts';
import type { Project } from '../../projections/project.ts';
import type { ReadModels } from '../../projections/queries.ts';
import type { VerdictRow } from '../../projections/verdicts/verdicts.projection.ts';

/** The newest verdicts of a tenant, for a policy that is to be tried on them. */
export const verdictsFrom =
  ({ ask }: Project): CommandContext['recordedVerdicts'] =>
  async (tenant, limit, capability_id) => {
    const rows = await ask<ReadModels, VerdictRow[]>((db) =>
      db
        .selectFrom('verdicts')
        .selectAll()
        .where('tenant', '=', tenant)
        .$if(capability_id !== null, (few) => few.where('capability_id', '=', capability_id ?? ''))
        .orderBy('position', 'desc')
        .limit(limit)
        .execute(),
    );
    return rows.map(({ verdict_id, question, spec_digest, decision, rule_id, judged_at }) => ({
      verdict_id,
      question,
      spec_digest,
      decision: Decision.parse(decision),
      rule_id,
      at: judged_at,
    }));
  };
