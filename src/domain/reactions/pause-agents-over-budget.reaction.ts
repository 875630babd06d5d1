import type { AgentCommand } from '../agent/agent.commands.ts';
import { BudgetBreached } from '../budget/budget.events.ts';
import { streamOf } from '../kernel/ids.ts';
import { reaction, when } from '../kernel/reaction.ts';

/** Whoever wants more than is left stops and waits for a person, where the budget says so (requirements A48). */
export const pauseAgentsOverBudget = reaction(
  'pause_agents_over_budget',
  when(BudgetBreached, ({ data: { pause_agent_id, budget_id } }) =>
    pause_agent_id === null
      ? []
      : [
          {
            stream: streamOf('agent', pause_agent_id),
            command: { type: 'PauseAgent', reason: `budget ${budget_id} is used up` } satisfies AgentCommand,
          },
        ],
  ),
);
