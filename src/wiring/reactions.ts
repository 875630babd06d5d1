import { cancelTurnsOfStoppedAgent } from '../domain/reactions/cancel-turns-of-stopped-agent.reaction.ts';
import { endApprovals } from '../domain/reactions/end-approvals.reaction.ts';
import { endDirectives } from '../domain/reactions/end-directives.reaction.ts';
import { endToolCalls } from '../domain/reactions/end-tool-calls.reaction.ts';
import { learnNewerFacts } from '../domain/reactions/learn-newer-facts.reaction.ts';
import { pauseAgentsOverBudget } from '../domain/reactions/pause-agents-over-budget.reaction.ts';
import { requestApprovals } from '../domain/reactions/request-approvals.reaction.ts';
import { settleBudgets } from '../domain/reactions/settle-budgets.reaction.ts';
import { tellWhoAsked } from '../domain/reactions/tell-who-asked.reaction.ts';
import { withdrawDirectivesOfCanceledTurns } from '../domain/reactions/withdraw-directives-of-canceled-turns.reaction.ts';

/** Everything that an event of one aggregate asks of another. */
export const reactions = [
  cancelTurnsOfStoppedAgent,
  requestApprovals,
  endApprovals,
  tellWhoAsked,
  endDirectives,
  settleBudgets,
  pauseAgentsOverBudget,
  endToolCalls,
  withdrawDirectivesOfCanceledTurns,
  learnNewerFacts,
];
