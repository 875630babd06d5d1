import { cancelTurnsOfStoppedAgent } from '../../../src/domain/reactions/cancel-turns-of-stopped-agent.reaction.ts';
import { endApprovals } from '../../../src/domain/reactions/end-approvals.reaction.ts';
import { endDirectives } from '../../../src/domain/reactions/end-directives.reaction.ts';
import { endToolCalls } from '../../../src/domain/reactions/end-tool-calls.reaction.ts';
import { pauseAgentsOverBudget } from '../../../src/domain/reactions/pause-agents-over-budget.reaction.ts';
import { requestApprovals } from '../../../src/domain/reactions/request-approvals.reaction.ts';
import { settleBudgets } from '../../../src/domain/reactions/settle-budgets.reaction.ts';
import { tellWhoAsked } from '../../../src/domain/reactions/tell-who-asked.reaction.ts';
import { withdrawDirectivesOfCanceledTurns } from '../../../src/domain/reactions/withdraw-directives-of-canceled-turns.reaction.ts';

/** Those of `src/wiring.ts`. */
export const reactions = [
  cancelTurnsOfStoppedAgent,
  endToolCalls,
  withdrawDirectivesOfCanceledTurns,
  requestApprovals,
  tellWhoAsked,
  endApprovals,
  endDirectives,
  settleBudgets,
  pauseAgentsOverBudget,
];
