import { sql } from 'kysely';
import { postgresRoster } from '../../src/adapters/postgres/roster.ts';
import { rosterContract } from '../contracts/roster.contract.ts';
import { databases } from '../support/databases.ts';

for (const { name, open } of await databases())
  rosterContract(name, async () => {
    const { database, discard } = await open();
    return {
      fresh: async () => {
        await sql`truncate acta.processes, acta.checkpoints`.execute(database.background);
        return postgresRoster(database.background);
      },
      end: discard,
    };
  });
