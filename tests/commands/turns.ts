import { noGate } from '../support/no.gate.ts';
import { randomUUID } from 'node:crypto';
import * as E from 'fp-ts/lib/Either.js';
import { scriptSchema } from '../../src/adapters/models/script.ts';
import { scriptedModel } from '../../src/adapters/models/scripted.ts';
import { aggregates } from '../../src/commands/aggregates.ts';
import { driver, type Driver } from '../../src/commands/drive.ts';
import { execute, type Engine } from '../../src/commands/execute.ts';
import { follow } from '../../src/commands/follow.ts';
import { output } from '../../src/commands/output.ts';
import { react } from '../../src/commands/react.ts';
import { newestOf } from '../../src/commands/cognition/mind.ts';
import { sessionKind } from '../../src/commands/sessions/perform-turn.ts';
import type { AgentCommand } from '../../src/domain/agent/agent.commands.ts';
import { agent } from '../../src/domain/agent/agent.decider.ts';
import { cancelTurnsOfStoppedAgent } from '../../src/domain/reactions/cancel-turns-of-stopped-agent.reaction.ts';
import type { SessionCommand } from '../../src/domain/session/session.commands.ts';
import { session } from '../../src/domain/session/session.decider.ts';
import type { Memory } from '../../src/ports.memory.ts';
import type { EventLog, Model, ModelRequest, Roster } from '../../src/ports.ts';
import { noMemory } from '../support/no.memory.ts';
import { quietJournal } from '../support/quiet.journal.ts';
import { engineOn, movableClock, provenance } from './engines.ts';

/** The scripted model with this answer to everything, or these rules. */
export const scripted = (script: object): Model =>
  scriptedModel({ script: scriptSchema.parse({ rules: [], otherwise: { text: 'hello' }, ...script }) });
/** One that talks for ever, as far as a test can tell. */
export const slowModel = (): Model =>
  scripted({ otherwise: { text: 'one two three', chunks: 3, chunk_delay_ms: 60_000 } });

export interface TalkingNode {
  readonly engine: Engine;
  readonly driver: Driver;
  readonly spoken: ReturnType<typeof output>;
  readonly journal: ReturnType<typeof quietJournal>;
  readonly stop: (graceMs?: number) => Promise<void>;
}

/** A node with all that the processes role has: it drives sessions, follows the log, and reacts. */
export const startTalking = (
  log: EventLog,
  roster: Roster,
  {
    model = scripted({}),
    memory = noMemory,
    owner = randomUUID(),
  }: { readonly model?: Model; readonly memory?: Memory; readonly owner?: string } = {},
): TalkingNode => {
  const engine = engineOn(log, undefined, movableClock());
  const spoken = output();
  const journal = quietJournal();
  const mind = {
    engine,
    gate: noGate(engine),
    memory,
    newest: newestOf(engine),
    calibration: () => Promise.resolve(null),
  };
  const kinds = [sessionKind(mind, { model, spoken })];
  const drives = driver(engine, { roster, kinds, owner, journal });
  const ending = new AbortController();
  drives.start();
  const reacts = react(engine, aggregates, [cancelTurnsOfStoppedAgent], journal);
  const following = follow(engine, { roster, driver: drives, kinds, react: reacts, journal }, ending.signal);
  const stop = async (graceMs = 0): Promise<void> => {
    ending.abort();
    await following;
    await drives.stop(graceMs);
  };
  return { engine, driver: drives, spoken, journal, stop };
};

const right = <T>(outcome: E.Either<unknown, T>): T => {
  if (E.isLeft(outcome)) throw new Error(JSON.stringify(outcome.left));
  return outcome.right;
};

export const toAgent = async (engine: Engine, agent_id: string, command: AgentCommand) =>
  right(await execute(engine, agent, `agent-${agent_id}`, command, provenance()));
export const toSession = async (engine: Engine, session_id: string, command: SessionCommand) =>
  right(await execute(engine, session, `session-${session_id}`, command, provenance()));

export const profile = {
  name: 'Iris',
  description: '',
  identity_prompt: 'You are Iris.',
  model: null,
  max_tokens: 4_096,
  context_tokens: 8_000,
  capabilities: [],
  scope: 'development',
};

/** A registered agent and an open session with it. */
export const meeting = async (engine: Engine, changes: Partial<typeof profile> = {}) => {
  const [agent_id, session_id] = [randomUUID(), randomUUID()];
  await toAgent(engine, agent_id, { type: 'RegisterAgent', agent_id, profile: { ...profile, ...changes } });
  await toSession(engine, session_id, { type: 'OpenSession', session_id, agent_id, title: null });
  return { agent_id, session_id, stream: `session-${session_id}` };
};

export const say = async (engine: Engine, session_id: string, text: string): Promise<string> => {
  const turn_id = randomUUID();
  await toSession(engine, session_id, { type: 'ReceiveTurn', turn_id, text });
  return turn_id;
};

/** A model, and what it was asked. */
export const listened = (model: Model) => {
  const requests: ModelRequest[] = [];
  const complete: Model['complete'] = (request, options) => {
    requests.push(request);
    return model.complete(request, options);
  };
  return { requests, model: { ...model, complete } };
};
