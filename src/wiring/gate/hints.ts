import * as E from 'fp-ts/lib/Either.js';
import { budgetIdOf } from '../../commands/budgets/budgets.operations.ts';
import type { Engine } from '../../commands/execute.ts';
import type { GateParts } from '../../commands/gate/materials.ts';
import { recall } from '../../commands/recall.ts';
import { budget } from '../../domain/budget/budget.decider.ts';
import { covers, grant, hasExpired } from '../../domain/grant/grant.decider.ts';
import { streamOf } from '../../domain/kernel/ids.ts';
import { tenantOf } from '../../domain/kernel/tenant.ts';
import type { Project } from '../../projections/project.ts';
import type { ReadModels } from '../../projections/queries.ts';

const grantsMax = 100;
/** A grant of another node is heard of after so long at the latest; one of this node at once. */
const listedMsMax = 1_000;

interface Listed {
  readonly at: number;
  readonly ids: Promise<ReadonlySet<string>>;
}

/** The live grants of a tenant by their ids: from the read model, which is asked once a second at most, and from what this node issues. */
const liveGrants = ({ appended, clock }: Engine, { ask }: Project) => {
  const listed = new Map<string, Listed>();
  const issued = new Set<string>();
  appended.add((_, events) => {
    for (const { type, data } of events)
      if (type === 'GrantIssued') issued.add((data as { readonly grant_id: string }).grant_id);
  });
  const fromReadModel = async (tenant: string): Promise<ReadonlySet<string>> => {
    const rows = await ask<ReadModels, { readonly grant_id: string }[]>((db) =>
      db
        .selectFrom('grants')
        .select('grant_id')
        .where('tenant', '=', tenant)
        .where('status', '=', 'live')
        .limit(grantsMax)
        .execute(),
    ).catch(() => []);
    for (const { grant_id } of rows) issued.delete(grant_id);
    return new Set(rows.map(({ grant_id }) => grant_id));
  };
  return async (tenant: string): Promise<readonly string[]> => {
    const known = listed.get(tenant);
    const fresh =
      known !== undefined && clock.now() - known.at < listedMsMax
        ? known
        : { at: clock.now(), ids: fromReadModel(tenant) };
    listed.set(tenant, fresh);
    const ids = await fresh.ids;
    return [...ids, ...[...issued].filter((grant_id) => !ids.has(grant_id))];
  };
};

/**
 * Grants that may cover a call, each looked at in its own stream: a hint that is old costs an agreement that was not needed,
 * never a call that nobody has agreed to.
 */
export const grantsFrom = (engine: Engine, read: Project): GateParts['grantFor'] => {
  const { log, catalogue, remembered, clock } = engine;
  const live = liveGrants(engine, read);
  return async (tenant, question) => {
    const now = new Date(clock.now()).toISOString();
    for (const grant_id of await live(tenant)) {
      const found = await recall(log, catalogue, remembered, grant, streamOf('grant', grant_id));
      if (E.isLeft(found) || found.right.last === undefined || tenantOf(found.right.last) !== tenant) continue;
      const { phase, terms, issued_by } = found.right.state;
      if (phase === 'live' && terms !== null && !hasExpired(terms, now) && covers(terms, issued_by, question))
        return grant_id;
    }
    return null;
  };
};

/** The budgets that limit an agent: its own and those of its tenant, for a day and in all. There is one of each at most. */
export const budgetsFrom =
  ({ log, catalogue, remembered }: Engine): GateParts['budgetsOf'] =>
  async (tenant, agent_id) => {
    const scopes = [{ kind: 'tenant' as const }, ...(agent_id === null ? [] : [{ kind: 'agent' as const, agent_id }])];
    const ids = scopes.flatMap((scope) => [budgetIdOf(tenant, scope, 'day'), budgetIdOf(tenant, scope, 'total')]);
    const open = await Promise.all(
      ids.map(async (id) => {
        const found = await recall(log, catalogue, remembered, budget, streamOf('budget', id));
        return E.isRight(found) && found.right.state.phase === 'open';
      }),
    );
    return ids.filter((_, index) => open[index]);
  };
