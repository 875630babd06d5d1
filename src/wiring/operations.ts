import { repertoire } from '../commands/repertoire.ts';
import { cognitionQueries } from '../projections/cognition/frames.queries.ts';
import { agentQueries } from '../projections/agents/agents.queries.ts';
import { eventQueries } from '../projections/events/events.queries.ts';
import { keyQueries } from '../projections/keys/keys.queries.ts';
import { operationOperations } from '../projections/maintenance/operations.queries.ts';
import { parkingOperations } from '../projections/maintenance/parking.queries.ts';
import { listProjections } from '../projections/maintenance/projections.queries.ts';
import { recall } from '../projections/memory/recall.queries.ts';
import { sessionQueries } from '../projections/sessions/sessions.queries.ts';
import { streamQueries } from '../projections/streams/streams.queries.ts';
import { listProcesses } from '../projections/system/processes.queries.ts';
import { getStatus } from '../projections/system/status.query.ts';
import { systemQueries } from '../projections/system/system.queries.ts';
import { turnQueries } from '../projections/turns/turns.queries.ts';

import { capabilityQueries } from '../projections/capabilities/capabilities.queries.ts';
import { policyQueries } from '../projections/policies/policies.queries.ts';
import { directiveQueries } from '../projections/directives/directives.queries.ts';
import { approvalQueries } from '../projections/approvals/approvals.queries.ts';
import { grantQueries } from '../projections/grants/grants.queries.ts';
import { runQueries } from '../projections/runs/runs.queries.ts';
import { stepQueries } from '../projections/runs/steps.queries.ts';
import { timelineQueries } from '../projections/runs/timeline.queries.ts';
import { provenanceQueries } from '../projections/runs/provenance.queries.ts';
import { verdictQueries } from '../projections/verdicts/verdicts.queries.ts';
import { budgetQueries } from '../projections/budgets/budgets.queries.ts';
import { artifactQueries } from '../projections/artifacts/artifacts.queries.ts';
import { getCalibration } from '../projections/decisions/calibration.query.ts';
import { queryDecisions } from '../projections/decisions/search.query.ts';
import { decisionQueries } from '../projections/decisions/decisions.queries.ts';
import { listGuardrails } from '../projections/guardrails/guardrails.queries.ts';
import { factQueries } from '../projections/facts/facts.queries.ts';
import { factOriginQueries } from '../projections/facts/fact-origins.queries.ts';
import { episodeQueries } from '../projections/episodes/episodes.queries.ts';
import { procedureQueries } from '../projections/procedures/procedures.queries.ts';
import { censorQueries } from '../projections/censors/censors.queries.ts';
import { workingMemoryQueries } from '../projections/working-memories/working-memories.queries.ts';

/** Everything that can be asked for and everything that can be asked, for every surface. */
export const operations = [
  ...repertoire,
  ...agentQueries,
  ...sessionQueries,
  ...turnQueries,
  ...streamQueries,
  ...eventQueries,
  recall,
  ...capabilityQueries,
  ...policyQueries,
  ...directiveQueries,
  ...approvalQueries,
  ...grantQueries,
  ...runQueries,
  ...stepQueries,
  ...timelineQueries,
  ...provenanceQueries,
  ...verdictQueries,
  ...budgetQueries,
  ...artifactQueries,
  queryDecisions,
  ...decisionQueries,
  getCalibration,
  ...cognitionQueries,
  listGuardrails,
  ...factQueries,
  ...factOriginQueries,
  ...episodeQueries,
  ...procedureQueries,
  ...censorQueries,
  ...workingMemoryQueries,
  ...keyQueries,
  listProjections,
  ...parkingOperations,
  ...operationOperations,
  listProcesses,
  ...systemQueries,
  getStatus,
] as const;
