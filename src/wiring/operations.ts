import { repertoire } from '../commands/repertoire.ts';
import { agentQueries } from '../projections/agents/agents.queries.ts';
import { eventQueries } from '../projections/events/events.queries.ts';
import { keyQueries } from '../projections/keys/keys.queries.ts';
import { operationOperations } from '../projections/maintenance/operations.queries.ts';
import { parkingOperations } from '../projections/maintenance/parking.queries.ts';
import { listProjections } from '../projections/maintenance/projections.queries.ts';
import { sessionQueries } from '../projections/sessions/sessions.queries.ts';
import { streamQueries } from '../projections/streams/streams.queries.ts';
import { listProcesses } from '../projections/system/processes.queries.ts';
import { systemQueries } from '../projections/system/system.queries.ts';
import { turnQueries } from '../projections/turns/turns.queries.ts';

/** Everything that can be asked for and everything that can be asked, for every surface. */
export const operations = [
  ...repertoire,
  ...agentQueries,
  ...sessionQueries,
  ...turnQueries,
  ...streamQueries,
  ...eventQueries,
  ...keyQueries,
  listProjections,
  ...parkingOperations,
  ...operationOperations,
  listProcesses,
  ...systemQueries,
] as const;
