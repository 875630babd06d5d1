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
import { cancelTurnsOfStoppedAgent } from './domain/reactions/cancel-turns-of-stopped-agent.reaction.ts';
import type { LogError, Model } from './ports.ts';
import { agents } from './projections/agents/agents.projection.ts';
import { eventIndex } from './projections/events/event-index.projection.ts';
import { keys } from './projections/keys/keys.projection.ts';
import { project } from './projections/project.ts';
import { sessions } from './projections/sessions/sessions.projection.ts';
import { streams } from './projections/streams/streams.projection.ts';
import type { About } from './projections/system/system.queries.ts';
import { turns } from './projections/turns/turns.projection.ts';
import { startApi } from './wiring/api.ts';
import { gaugeLag } from './wiring/checks.ts';
import { headIfThere, registeredInTime } from './wiring/late-log.ts';
import { version } from './wiring/version.ts';
import { openWorld, worldClock as clock, type World } from './wiring/world.ts';

const projections = [agents, sessions, turns, keys, streams, eventIndex];
const reactions = [cancelTurnsOfStoppedAgent];

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

const modelSettings = ({ model }: Config) => ({
  provider: model.provider ?? 'noop',
  ...(model.anthropic_api_key === undefined ? {} : { api_key: model.anthropic_api_key }),
  ...(model.anthropic_base_url === undefined ? {} : { base_url: model.anthropic_base_url }),
  ...(model.model === undefined ? {} : { default_model: model.model }),
  ...(model.script_file === undefined ? {} : { script_file: model.script_file }),
});

/** The processes role: drives what is due, and follows the log for what others begin. */
const startProcesses = (world: World, core: Engine, model: Model, spoken: Output) => {
  const { database, journal, node } = world;
  const roster = postgresRoster(database.background);
  const kinds = [sessionKind(core, { model, spoken, stages: {} })];
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

const start = async (world: World, parts: ReturnType<typeof startedParts>): Promise<Omit<ActaNode, 'stop'>> => {
  const { config, log, kind, database, journal, telemetry, node, front_port } = world;
  const core = engineOf({ log, catalogue, clock, telemetry });
  const spoken = output();
  const model = modelOf(modelSettings(config));
  const about: About = {
    name: 'acta',
    version,
    node: node.name,
    log: kind,
    read_models: database.kind,
    model: { provider: model.provider, name: model.default_model },
  };
  const head = await headIfThere(log, journal);
  parts.add(await registeredInTime(core, journal, { now: head !== undefined }));
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
  parts.add(read.stop);
  await read.start();
  telemetry.onScrape(() => gaugeLag(read, telemetry));
  const servers: HttpServer[] = [];
  const stopProcesses = config.roles.includes('processes') ? startProcesses(world, core, model, spoken) : undefined;
  // Together, for the answers that callers wait for are the work's.
  parts.add((grace_ms) => Promise.all([...servers.map(({ close }) => close(grace_ms)), stopProcesses?.(grace_ms)]));
  const api = config.roles.includes('api') ? await startApi(world, { core, model, spoken, read, about }) : undefined;
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
export const startNode = async (config: Config): Promise<ActaNode> => {
  const world = await openWorld(config);
  const parts = startedParts();
  parts.add(world.close);
  try {
    return { ...(await start(world, parts)), stop: parts.stop };
  } catch (error) {
    await parts.stop(0);
    throw error;
  }
};
