import { sql, type Kysely } from 'kysely';
import { censorActions, censorOrigins } from '../../domain/censor/censor.events.ts';
import type { CensorInForce } from '../../ports.memory.ts';
import type { ReadModels } from '../queries.ts';

type Ask = <T>(question: (db: Kysely<ReadModels>) => Promise<T>) => Promise<T>;

/** Every censor of an agent that is in force, the strongest first, then what a person made, then the newest; at most so many. */
export const inForce = (
  ask: Ask,
  { tenant, agent_id, limit }: { readonly tenant: string; readonly agent_id: string; readonly limit: number },
): Promise<readonly CensorInForce[]> =>
  ask(async (db) => {
    const strength = sql`array_position(${[...censorActions]}::text[], action)`;
    const origin = sql`array_position(${[...censorOrigins]}::text[], origin)`;
    const rows = await db
      .selectFrom('censors')
      .select(['censor_id', 'revision', 'trigger', 'reason', 'action', 'domain', 'origin'])
      .where('tenant', '=', tenant)
      .where('agent_id', '=', agent_id)
      .where('active', '=', true)
      .orderBy(strength, 'desc')
      .orderBy(origin)
      .orderBy('position', 'desc')
      .orderBy('censor_id')
      .limit(limit)
      .execute();
    return rows as readonly CensorInForce[];
  });
