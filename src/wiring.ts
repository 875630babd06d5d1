import { modelOf } from './adapters/models/model.ts';
import { postgresRoster } from './adapters/postgres/roster.ts';
import { aggregates } from './commands/aggregates.ts';
import { newestOf, type Mind } from './commands/cognition/mind.ts';
import { driver } from './commands/drive.ts';
import { engine as engineOf, type Engine } from './commands/execute.ts';
import { follow } from './commands/follow.ts';
import { output, type Output } from './commands/output.ts';
import { react } from './commands/react.ts';
import { sessionKind } from './commands/sessions/perform-turn.ts';
import type { Config } from './config.ts';
import { catalogue } from './domain/catalogue.ts';
import type { Capability, LogError, Model } from './ports.ts';
import { project } from './projections/project.ts';
import type { About } from './projections/system/system.queries.ts';
import { startApi } from './wiring/api.ts';
import { gaugeLag } from './wiring/checks.ts';
import { calibrationNote } from './wiring/calibration.note.ts';
import { registerDefaultAgent } from './wiring/default-agent.ts';
import { startEvaluation } from './wiring/evaluation.ts';
import { openGate, type OpenGate } from './wiring/gate.ts';
import { openMemory } from './wiring/memory.ts';
import { headIfThere, registeredInTime } from './wiring/late-log.ts';
import { modelSettings } from './wiring/model.ts';
import { startedParts, told, type StartedParts } from './wiring/parts.ts';
import { projections } from './wiring/projections.ts';
import { reactions } from './wiring/reactions.ts';
import { version } from './wiring/version.ts';
import { openWorld, worldClock as clock, type World } from './wiring/world.ts';

/** A node that runs. */
export interface ActaNode {
  readonly version: string;
  readonly about: About;
  /** Undefined where this node answers no callers. */
  readonly url: string | undefined;
  readonly moved: boolean;
  readonly keyless: boolean;
  readonly front_port: number | undefined;
  /** How many events were on the record when it started; undefined where the log did not answer yet. */
  readonly recovered: number | undefined;
  /** Resolves with the reason when the log has failed, and this process can do nothing but end. */
  readonly failed: Promise<LogError>;
  /** Stops everything in the order in which it may stop, within the grace (milliseconds). */
  readonly stop: (grace_ms: number) => Promise<void>;
}

/** The processes role: drives what is due, and follows the log for what others begin. */
const startProcesses = (world: World, mind: Mind, model: Model, spoken: Output, gate: OpenGate) => {
  const { engine: core } = mind;
  const { database, journal, node } = world;
  const roster = postgresRoster(database.background);
  const kinds = [sessionKind(mind, { model, spoken }), ...gate.kinds];
  const drives = driver(core, { roster, kinds, owner: node.name, journal });
  const ending = new AbortController();
  const stopEvaluation = startEvaluation(core, world.config, journal);
  drives.start();
  const followed = async (): Promise<void> => {
    const reacting = react(core, aggregates, reactions, journal);
    const gone = await follow(core, { roster, driver: drives, kinds, react: reacting, journal }, ending.signal);
    if (gone !== undefined) world.log.ails('rolled_back', gone);
  };
  const following = followed();
  return async (grace_ms: number): Promise<void> => {
    ending.abort();
    await following;
    await drives.stop(grace_ms);
    await stopEvaluation();
  };
};

/** What a node brings along beside the standard library. */
export interface Stage {
  readonly capabilities?: readonly Capability[];
  /** Puts on the record what is to be there; at every start, so it must do everything once. */
  readonly register?: (engine: Engine) => Promise<void>;
}

const aboutOf = ({ node, kind, database }: World, model: Model): About => ({
  name: 'acta',
  version,
  node: node.name,
  log: kind,
  read_models: database.kind,
  model: { provider: model.provider, name: model.default_model },
});

/** Of the grace, so much is for callers, whose answers are the work's; what they leave is for work that nobody waits for. */
const answersShare = 0.8;

const start = async (
  world: World,
  parts: StartedParts,
  { capabilities = [], register: stage }: Stage,
): Promise<Omit<ActaNode, 'stop'>> => {
  const { config, log, database, journal, telemetry, node, front_port } = world;
  const core = engineOf({ log, catalogue, clock, telemetry });
  const spoken = output();
  const model = modelOf(modelSettings(config.model));
  const about = aboutOf(world, model);
  const head = await headIfThere(log, journal);
  const folds = config.roles.includes('projections');
  const read = project({
    projections,
    catalogue,
    log,
    database,
    clock,
    journal,
    telemetry,
    folds,
    rebuild: config.rebuild,
  });
  parts.add(told(journal, 'read_models', read.stop));
  const { memory, embed, close: closeMemory } = await openMemory(world, core, read);
  parts.add(told(journal, 'memory', closeMemory));
  const gate = await openGate(world, core, read, memory, capabilities);
  parts.add(told(journal, 'gate', gate.close));
  const mind = { engine: core, gate: gate.gate, memory, newest: newestOf(core), calibration: calibrationNote(read) };
  const register = async (): Promise<void> => {
    await registerDefaultAgent(core);
    await gate.register();
    await stage?.(core);
  };
  parts.add(await registeredInTime(register, journal, { now: head !== undefined }));
  await read.start();
  telemetry.onScrape(() => gaugeLag(read, telemetry));
  if (config.roles.includes('processes')) embed();
  if (config.roles.includes('processes'))
    parts.add(told(journal, 'processes', startProcesses(world, mind, model, spoken, gate)));
  const api = config.roles.includes('api')
    ? await startApi(world, { core, model, memory, spoken, read, about, gate: gate.gate, blobs: gate.blobs })
    : undefined;
  if (api !== undefined) parts.add(told(journal, 'http', (grace_ms) => api.server.close(grace_ms * answersShare)));
  journal.info('node_started', {
    node: node.name,
    roles: config.roles,
    ...(api === undefined ? {} : { url: api.url }),
  });
  return {
    version,
    about,
    url: api?.url,
    moved: api?.moved ?? false,
    keyless: api?.keyless ?? false,
    front_port,
    recovered: head === undefined ? undefined : Math.max(0, Number(head)),
    failed: log.failed,
  };
};

/**
 * Starts the roles that the configuration asks for. It stops in the order in which things may stop: callers first, for they
 * are told; then the work; then what the work stands on. Where a part cannot be had, what was started is stopped again, and
 * the reason is thrown.
 */
export const startNode = async (config: Config, stage: Stage = {}): Promise<ActaNode> => {
  const world = await openWorld(config);
  const parts = startedParts();
  parts.add(world.close);
  try {
    const node = await start(world, parts, stage);
    const stop = (grace_ms: number): Promise<void> => {
      world.journal.info('node_stopping', { node: world.node.name, grace_ms });
      return parts.stop(grace_ms);
    };
    return { ...node, stop };
  } catch (error) {
    await parts.stop(0);
    throw error;
  }
};
