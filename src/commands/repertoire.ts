import { agentOperations } from './agents/agents.operations.ts';
import { approvalOperations } from './approvals/approvals.operations.ts';
import { budgetOperations } from './budgets/budgets.operations.ts';
import { capabilityOperations } from './capabilities/capabilities.operations.ts';
import { directiveOperations } from './directives/directives.operations.ts';
import { decisionOperations } from './decisions/decisions.operations.ts';
import { grantOperations } from './grants/grants.operations.ts';
import { policyOperations } from './policies/policies.operations.ts';
import { simulatePolicy } from './policies/simulate.operation.ts';
import { runOperations } from './runs/runs.operations.ts';
import { keyOperations } from './keys/keys.operations.ts';
import { cancelTurn, closeSession, endChat, openSession } from './sessions/sessions.operations.ts';
import { decide } from './sessions/decide.operation.ts';
import { forkSession } from './sessions/fork.operation.ts';
import { chat, takeTurn } from './sessions/turns.operations.ts';
import { schemaOperations } from './streams/schemas.operations.ts';
import { getStreamState } from './streams/stream-state.operation.ts';
import { teach } from './memory/teach.operation.ts';
import { factOperations } from './memory/facts.operations.ts';
import { episodeOperations } from './memory/episodes.operations.ts';
import { procedureOperations } from './memory/procedures.operations.ts';
import { censorOperations } from './memory/censors.operations.ts';
import { workingMemoryItemOperations } from './memory/working-memory.items.ts';
import { workingMemoryOperations } from './memory/working-memory.operations.ts';

/** Everything that can be asked for, once. The questions that can be asked stand beside the projections that answer them. */
export const repertoire = [
  chat,
  decide,
  endChat,
  ...agentOperations,
  openSession,
  forkSession,
  takeTurn,
  cancelTurn,
  closeSession,
  ...directiveOperations,
  ...approvalOperations,
  ...grantOperations,
  ...decisionOperations,
  teach,
  ...factOperations,
  ...episodeOperations,
  ...procedureOperations,
  ...censorOperations,
  ...workingMemoryOperations,
  ...workingMemoryItemOperations,
  ...runOperations,
  ...capabilityOperations,
  ...policyOperations,
  simulatePolicy,
  ...budgetOperations,
  ...keyOperations,
  getStreamState,
  ...schemaOperations,
] as const;
