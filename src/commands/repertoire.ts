import { agentOperations } from './agents/agents.operations.ts';
import { keyOperations } from './keys/keys.operations.ts';
import { cancelTurn, closeSession, endChat, openSession } from './sessions/sessions.operations.ts';
import { chat, takeTurn } from './sessions/turns.operations.ts';
import { getStreamState } from './streams/stream-state.operation.ts';

/** Everything that can be asked for, once. The questions that can be asked stand beside the projections that answer them. */
export const repertoire = [
  chat,
  endChat,
  ...agentOperations,
  openSession,
  takeTurn,
  cancelTurn,
  closeSession,
  ...keyOperations,
  getStreamState,
] as const;
