/**
 * A model under somebody else's control, for so many turns: `--turns N --seed S`. The real domain and engines on the
 * simulator's log and roster; a checker that knows nothing of the gate compares what happened with what may happen, and with
 * what is on the record (P26, assurance S80). The last line is a report in JSON.
 */
import { randomUUID } from 'node:crypto';
import * as E from 'fp-ts/lib/Either.js';
import { parseArgs } from 'node:util';
import { driver } from '../../src/commands/drive.ts';
import { engine as engineOf, execute } from '../../src/commands/execute.ts';
import { aggregates } from '../../src/commands/aggregates.ts';
import { approvalKind } from '../../src/commands/approvals/perform-approval.ts';
import { offerCapability } from '../../src/commands/capabilities/offer.ts';
import { directiveKind } from '../../src/commands/directives/perform-directive.ts';
import { follow } from '../../src/commands/follow.ts';
import { policyIdOf, policyStream } from '../../src/commands/gate/policy-in-force.ts';
import { registry } from '../../src/commands/gate/registry.ts';
import { output } from '../../src/commands/output.ts';
import { react } from '../../src/commands/react.ts';
import { recall } from '../../src/commands/recall.ts';
import { runKind } from '../../src/commands/runs/perform-run.ts';
import { noMemory } from '../support/no.memory.ts';
import { newestOf } from '../../src/commands/cognition/mind.ts';
import { sessionKind } from '../../src/commands/sessions/perform-turn.ts';
import { agent } from '../../src/domain/agent/agent.decider.ts';
import { catalogue } from '../../src/domain/catalogue.ts';
import { derived, streamOf } from '../../src/domain/kernel/ids.ts';
import { policy as policyDecider } from '../../src/domain/policy/policy.decider.ts';
import { session } from '../../src/domain/session/session.decider.ts';
import type { StoredEvent } from '../../src/ports.ts';
import { reactions } from '../../src/wiring/reactions.ts';
import { noTelemetry } from '../commands/engines.ts';
import { durableLog } from '../simulator/doubles/durable.log.ts';
import { durableRoster, rosterPort } from '../simulator/doubles/durable.roster.ts';
import { logPort, type Reach } from '../simulator/doubles/log.port.ts';
import { chanceOf, hostileModel } from './hostile.ts';
import { verdictFaults } from './verdict.check.ts';
import { mayHappen, offered, policy, worldOf, type Effect } from './world.ts';

const { values } = parseArgs({
  options: {
    turns: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    careless: { type: 'boolean', default: false },
  },
});
const turnsMax = Number(values.turns);
const lanesMax = 32;
const turnsASessionMax = 10;

const atOnce: Reach = (_, __, perform) => Promise.resolve().then(perform);
const durable = durableLog({ now: () => Date.now(), id: randomUUID });
const log = logPort(durable, { reach: atOnce, pageEvents: () => 500 });
const clock = { now: () => Date.now(), id: () => randomUUID(), chance: () => Math.random() };
const quiet = () => undefined;
const journal = {
  debug: quiet,
  info: quiet,
  warn: quiet,
  error: (event: string, fields?: unknown) => console.error(event, fields),
};
const core = engineOf({ log, catalogue, clock, telemetry: noTelemetry });

const effects: Effect[] = [];
const codes = new Map(worldOf(effects).map((one) => [one.spec.capability_id, one]));
const gate = {
  engine: core,
  registry: registry(core, () => codes),
  grantFor: () => Promise.resolve(null),
  budgetsOf: () => Promise.resolve([]),
  environment: 'test',
};
const chance = chanceOf(Number(values.seed));
const keep = {
  artifact: () => Promise.reject(new Error('nothing is kept here')),
  result: (_: string, value: unknown) => Promise.resolve({ value, artifacts: [] }),
};
const mind = { engine: core, gate, memory: noMemory, newest: newestOf(core), calibration: () => Promise.resolve(null) };
const kinds = [
  sessionKind(mind, { model: hostileModel(chance), spoken: output() }),
  directiveKind(core),
  approvalKind(() => Promise.resolve(undefined)),
  runKind({ ...gate, keep }),
];
const roster = rosterPort(durableRoster(), atOnce);
const drives = driver(core, { roster, kinds, owner: 'hostile', journal });
const ending = new AbortController();

const by = (what: string) => {
  const command_id = derived('hostile', what);
  return { command_id, actor: 'user:test', tenant: 'default', correlation_id: command_id };
};

for (const { spec } of codes.values())
  await offerCapability(core, { spec, source: 'test', pin: null, unavailable: null }, 'hostile');
const stream = policyStream('default');
const drafting = {
  type: 'DraftPolicy',
  policy_id: policyIdOf('default'),
  document: values.careless ? { ...policy, rules: [], otherwise: 'allow' as const } : policy,
  note: '',
} as const;
await execute(core, policyDecider, stream, drafting, by('draft'));
const [draft] = (
  (await execute(core, policyDecider, stream, drafting, by('draft'))) as {
    right: { state: { drafts: readonly { version: number; digest: string }[] } };
  }
).right.state.drafts;
await execute(
  core,
  policyDecider,
  stream,
  { type: 'ActivatePolicy', version: draft?.version ?? 0, digest: draft?.digest ?? '', reason: '' } as const,
  by('activate'),
);
const agent_id = derived('hostile agent');
const profile = {
  name: 'hostile',
  description: '',
  identity_prompt: '',
  model: null,
  max_tokens: 10,
  context_tokens: 8_000,
  capabilities: offered,
  scope: 'test',
};
await execute(
  core,
  agent,
  streamOf('agent', agent_id),
  { type: 'RegisterAgent', agent_id, profile } as const,
  by('agent'),
);

drives.start();
const following = follow(
  core,
  { roster, driver: drives, kinds, react: react(core, aggregates, reactions, journal), journal },
  ending.signal,
);

const waiting = new Map<string, () => void>();
core.appended.add((which, events) => {
  for (const { type } of events)
    // A turn that waits for a person waits for ever here: that it does is what is wanted.
    if (/^Turn(Completed|Failed|Canceled)$/.test(type) || type === 'ToolCallProposed' || type === 'ToolCallEnded')
      waiting.get(which)?.();
});

/** Takes one turn to its end; one that waits for a person is canceled, as a customer would who has waited long enough. */
const taken = async (session_id: string, turn_id: string): Promise<void> => {
  const which = streamOf('session', session_id);
  await execute(core, session, which, { type: 'ReceiveTurn', turn_id, text: 'do as you like' }, by(turn_id));
  for (let looks = 0; ; looks += 1) {
    const told = new Promise<void>((resolve) => waiting.set(which, resolve));
    const state = (await stateOf(which)) as {
      turn: {
        turn_id: string;
        rounds: readonly { calls: readonly { ended: unknown; directive_id: string | null }[] }[];
      } | null;
      phase: string;
    };
    if (state.turn === null) break;
    const open = state.turn.rounds.at(-1)?.calls.filter(({ ended }) => ended === null) ?? [];
    const asked = open.filter(({ directive_id }) => directive_id !== null && proposedIn(which, directive_id));
    if (state.phase === 'acting' && open.length > 0 && asked.length === open.length)
      await execute(
        core,
        session,
        which,
        { type: 'CancelTurn', turn_id, reason: 'nobody agrees' },
        by(`${turn_id} cancel ${looks}`),
      );
    else await told;
  }
  waiting.delete(which);
};

const stateOf = async (which: string): Promise<unknown> => {
  const found = await recall(log, catalogue, core.remembered, session, which);
  if (E.isLeft(found)) throw new Error(`${which} cannot be read`);
  return found.right.state;
};
const askedFor = new Set<string>();
const proposedIn = (_: string, directive_id: string): boolean => askedFor.has(directive_id);
core.appended.add((_, events) => {
  for (const { type, data } of events)
    if (type === 'ToolCallProposed') {
      const { directive_id, approval_id } = data as { directive_id: string; approval_id: string | null };
      if (approval_id !== null) askedFor.add(directive_id);
    }
});

let begun = 0;
let sessions = 0;
const lane = async (): Promise<void> => {
  while (begun < turnsMax) {
    const session_id = derived('hostile session', (sessions += 1));
    await execute(
      core,
      session,
      streamOf('session', session_id),
      { type: 'OpenSession', session_id, agent_id, title: null },
      by(session_id),
    );
    for (let n = 0; n < turnsASessionMax && begun < turnsMax; n += 1) {
      begun += 1;
      await taken(session_id, derived('hostile turn', begun));
    }
  }
};
await Promise.all(Array.from({ length: lanesMax }, lane));
ending.abort();
await following;
await drives.stop(1_000);

const events: StoredEvent[] = [];
for await (const page of log.readAll()) events.push(...page);
const forbidden = effects.filter((effect) => !mayHappen(effect));
const faults = verdictFaults(events, effects);
const wanted = events
  .filter(({ type }) => type === 'ToolsRequested')
  .flatMap(({ data }) => (data as { calls: unknown[] }).calls).length;
const report = {
  seed: Number(values.seed),
  turns: begun,
  wanted,
  effects: effects.length,
  forbidden: forbidden.length,
  faults: faults.slice(0, 10),
};
console.log(JSON.stringify(report));
process.exit(forbidden.length + faults.length > 0 ? 1 : 0);
