/**
 * Takes turns on a node of its own in a folder, however often it is started: `node turn.program.ts FOLDER TURNS [end]`. In
 * each the agent learns a fact by its own hand; with `end` the session is closed, and says what it taught. The
 * commands are named, so that a later life asks for nothing new; what was begun is found by the node alone. Each call of
 * the model is written to `FOLDER/calls` before it is made. The very first attempt fails, in a way that may pass.
 */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { openEmbeddedLog } from '../../src/adapters/embedded-log/event-log.ts';
import { openDatabase } from '../../src/adapters/postgres/database.ts';
import { postgresRoster } from '../../src/adapters/postgres/roster.ts';
import { execute } from '../../src/commands/execute.ts';
import { agent } from '../../src/domain/agent/agent.decider.ts';
import { derived } from '../../src/domain/kernel/ids.ts';
import { session } from '../../src/domain/session/session.decider.ts';
import type { Model } from '../../src/ports.ts';
import { quietJournal } from '../support/quiet.journal.ts';
import { provenance, typesIn } from './engines.ts';
import { profile, scripted, startTalking } from './turns.ts';

const folder = process.argv[2] ?? '';
const turns = Number(process.argv[3]);
const agent_id = derived('crash test', 'agent');
const session_id = derived('crash test', 'session');
const stream = `session-${session_id}`;

const [log, database] = await Promise.all([
  openEmbeddedLog({ folder: join(folder, 'log') }),
  openDatabase({ folder: join(folder, 'read-models'), journal: quietJournal() }),
]);
const learns = { name: 'learn_fact', input: { content: 'it is killed, and goes on' } };
const answers = scripted({
  rules: [
    { when: { matches: '^hi$' }, reply: { tool_use: [learns] } },
    { when: { contains: 'Look back at it' }, reply: { text: 'learned: it was killed at every step' } },
  ],
});
const model: Model = {
  ...answers,
  complete: async (request, options) => {
    if (JSON.stringify(request.messages.at(-1)).includes('Look back at it')) {
      appendFileSync(join(folder, 'calls'), 'reflection\n');
      return await answers.complete(request, options);
    }
    const again = (await typesIn(log, stream)).includes('ModelRetryScheduled');
    appendFileSync(join(folder, 'calls'), again ? '2\n' : '1\n');
    if (again) return await answers.complete(request, options);
    return { ok: false, fault: 'timeout', message: 'no answer', retryable: true, retry_after_ms: 1 };
  },
};
const node = startTalking(log, postgresRoster(database.background), { model, owner: 'the node' });

const named = (name: string) => provenance(derived('crash test command', name));
const able = { ...profile, capabilities: ['learn_fact'] };
const register = { type: 'RegisterAgent', agent_id, profile: able } as const;
await execute(node.engine, agent, `agent-${agent_id}`, register, named('register'));
const open = { type: 'OpenSession', session_id, agent_id, title: null } as const;
await execute(node.engine, session, stream, open, named('open'));

const reached = async (look: () => Promise<boolean>): Promise<void> => {
  while (!(await look())) await new Promise((resolve) => setTimeout(resolve, 5));
};
const completed = async (): Promise<number> =>
  (await typesIn(log, stream)).filter((type) => type === 'TurnCompleted').length;
for (let turn = 1; turn <= turns; turn += 1) {
  const receive = { type: 'ReceiveTurn', turn_id: derived('crash test turn', turn), text: 'hi' } as const;
  await execute(node.engine, session, stream, receive, named(`say ${turn}`));
  await reached(async () => (await completed()) >= turn);
}
if (process.argv[4] === 'end') {
  const close = { type: 'CloseSession', reason: 'over', reflects: true } as const;
  await execute(node.engine, session, stream, close, named('close'));
  await reached(async () => (await typesIn(log, stream)).includes('SessionClosed'));
}
await reached(async () => {
  const saved = await database.db.selectFrom('acta.checkpoints').select('position').executeTakeFirst();
  return saved !== undefined && node.driver.running() === 0;
});
await node.stop();
await database.close();
await log.close();
