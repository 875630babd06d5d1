import { modelOf } from './adapters/models/model.ts';
import { postgresRoster } from './adapters/postgres/roster.ts';
import type { HttpServer } from './adapters/http/server.ts';
import { aggregates } from './commands/aggregates.ts';
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
import { registerDefaultAgent } from './wiring/default-agent.ts';
import { openGate, type OpenGate } from './wiring/gate.ts';
import { headIfThere, registeredInTime } from './wiring/late-log.ts';
import { modelSettings } from './wiring/model.ts';
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
const startProcesses = (world: World, core: Engine, model: Model, spoken: Output, gate: OpenGate) => {
  const { database, journal, node } = world;
  const roster = postgresRoster(database.background);
  const kinds = [sessionKind(core, { model, spoken, stages: {}, gate: gate.gate }), ...gate.kinds];
  const drives = driver(core, { roster, kinds, owner: node.name, journal });
  const ending = new AbortController();
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
  };
};

/** What a node brings along beside the standard library. */
export interface Stage {
  readonly capabilities?: readonly Capability[];
  /** Puts on the record what is to be there; at every start, so it must do everything once. */
  readonly register?: (engine: Engine) => Promise<void>;
}

/** What has been started, to be stopped in the opposite order. */
const startedParts = () => {
  const stops: ((grace_ms: number) => Promise<unknown>)[] = [];
  return {
    add: (stop: (grace_ms: number) => Promise<unknown>): void => void stops.unshift(stop),
    stop: async (grace_ms: number): Promise<void> => {
      for (const stop of stops.splice(0)) await stop(grace_ms);
    },
  };
};

const start = async (
  world: World,
  parts: ReturnType<typeof startedParts>,
  { capabilities = [], register: stage }: Stage,
): Promise<Omit<ActaNode, 'stop'>> => {
  const { config, log, kind, database, journal, telemetry, node, front_port } = world;
  const core = engineOf({ log, catalogue, clock, telemetry });
  const spoken = output();
  const model = modelOf(modelSettings(config.model));
  const about: About = {
    name: 'acta',
    version,
    node: node.name,
    log: kind,
    read_models: database.kind,
    model: { provider: model.provider, name: model.default_model },
  };
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
  const gate = await openGate(world, core, read, capabilities);
  parts.add(gate.close);
  const register = async (): Promise<void> => {
    await registerDefaultAgent(core);
    await gate.register();
    await stage?.(core);
  };
  parts.add(await registeredInTime(register, journal, { now: head !== undefined }));
  parts.add(read.stop);
  await read.start();
  telemetry.onScrape(() => gaugeLag(read, telemetry));
  const servers: HttpServer[] = [];
  const stopProcesses = config.roles.includes('processes')
    ? startProcesses(world, core, model, spoken, gate)
    : undefined;
  // Together, for the answers that callers wait for are the work's.
  parts.add((grace_ms) => Promise.all([...servers.map(({ close }) => close(grace_ms)), stopProcesses?.(grace_ms)]));
  const api = config.roles.includes('api')
    ? await startApi(world, { core, model, spoken, read, about, gate: gate.gate, blobs: gate.blobs })
    : undefined;
  if (api !== undefined) servers.push(api.server);
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
    return { ...(await start(world, parts, stage)), stop: parts.stop };
  } catch (error) {
    await parts.stop(0);
    throw error;
  }
};
