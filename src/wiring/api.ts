import type { Kysely } from 'kysely';
import type { EventSource, HttpOptions } from '../adapters/http/options.ts';
import { httpServer, type HttpServer } from '../adapters/http/server.ts';
import { mcpEndpoints } from '../adapters/mcp/endpoint.ts';
import { forgetUnfinished, postgresIdempotency } from '../adapters/postgres/idempotency.ts';
import { postgresRoster } from '../adapters/postgres/roster.ts';
import { aggregates } from '../commands/aggregates.ts';
import type { Engine } from '../commands/execute.ts';
import { recordUpkeep } from '../commands/projections/record-upkeep.ts';
import type { Gate } from '../commands/gate/propose.ts';
import type { Output } from '../commands/output.ts';
import { catalogue } from '../domain/catalogue.ts';
import { categoryOf, idOf } from '../domain/kernel/ids.ts';
import type { Call } from '../domain/kernel/operation.ts';
import type { ProjectionEvent } from '../domain/projection/projection.events.ts';
import type { Memory } from '../ports.memory.ts';
import type { BlobStore, Model } from '../ports.ts';
import { eventShown } from '../projections/events/event.view.ts';
import type { Project } from '../projections/project.ts';
import type { ReadModels } from '../projections/queries.ts';
import { tenantOf } from '../domain/kernel/tenant.ts';
import type { About } from '../projections/system/system.queries.ts';
import type { Quotas } from '../settings.ts';
import { checks } from './checks.ts';
import { defaultAgentId } from './default-agent.ts';
import { doorOf, isLoopbackHost, keyring, refuseOpenDoor } from './door.ts';
import { verdictsFrom } from './gate/verdicts.ts';
import { explain } from './explain.ts';
import { manual } from './manual.ts';
import { operations } from './operations.ts';
import { version } from './version.ts';
import { secret, worldClock as clock, type World } from './world.ts';

const runningSessionsMax = 100;
const sweepMs = 3_600_000;
const keyWaitMsMax = 1_000;

const runningSessions =
  ({ ask }: Project) =>
  async (agent_id: string): Promise<readonly string[]> => {
    const rows = await ask<ReadModels, { readonly session_id: string }[]>((db) =>
      db
        .selectFrom('sessions')
        .select('session_id')
        .where('agent_id', '=', agent_id)
        .where('status', '=', 'running')
        .limit(runningSessionsMax)
        .execute(),
    );
    return rows.map(({ session_id }) => session_id);
  };

/** Some key that opens now: one that has expired or was revoked counts for nothing. */
const keyThatOpens = async ({ ask }: Project): Promise<object | undefined> => {
  const now = new Date(clock.now()).toISOString();
  return await ask<ReadModels, object | undefined>((db) =>
    db
      .selectFrom('keys')
      .select('key_id')
      .where('status', '=', 'issued')
      .where((is) => is.or([is('expires_at', 'is', null), is('expires_at', '>', now)]))
      .executeTakeFirst(),
  );
};

const aMinute = (quotas: Quotas): NonNullable<HttpOptions<unknown>['quotas']> =>
  quotas && Object.fromEntries(Object.entries(quotas).map(([name, requests]) => [name, { requests, seconds: 60 }]));

/** An event as whoever follows the log sees it; undefined where it is another tenant's. */
const shownTo: EventSource['show'] = (event, { tenant }) =>
  tenantOf(event) === tenant ? eventShown(event) : undefined;

/** Where a read model stands, without waiting for more; null until that is known. */
const standingOf =
  ({ reached }: Project) =>
  async (projection: string): Promise<string | null> => {
    const { position } = await reached(projection, 0n, { wait_ms: 0 });
    return position < 0n ? null : String(position);
  };

/** What the api role is made of, beside the world. */
export interface ApiParts {
  readonly core: Engine;
  readonly model: Model;
  readonly memory: Memory;
  readonly spoken: Output;
  readonly read: Project;
  readonly about: About;
  readonly gate: Gate;
  readonly blobs: BlobStore;
}

export interface Api {
  readonly server: HttpServer;
  readonly url: string;
  readonly moved: boolean;
  readonly keyless: boolean;
}

/** The api role: the operations over HTTP. */
export const startApi = async (
  world: World,
  { core, model, memory, spoken, read, about, gate, blobs }: ApiParts,
): Promise<Api> => {
  const { config, database, journal, telemetry, log } = world;
  const ask = <T>(question: (db: Kysely<ReadModels>) => Promise<T>): Promise<T> => read.ask<ReadModels, T>(question);
  const ring = keyring(ask, async (position) => {
    const wanted = position ?? (await log.head());
    return (await read.reached('keys', wanted, { wait_ms: keyWaitMsMax })).reached;
  });
  core.appended.add((stream, events) => {
    const last = events.at(-1);
    if (categoryOf(stream) === 'key' && last !== undefined) ring.changed(idOf(stream), last.position);
  });
  read.onAdvance((name) => {
    if (name === 'keys') ring.forget();
  });
  const keyless = config.bootstrap_key === undefined && isLoopbackHost(config.host);
  await refuseOpenDoor(config, config.bootstrap_key !== undefined, () => keyThatOpens(read));
  const context = {
    engine: core,
    aggregates,
    spoken,
    model,
    memory,
    gate,
    recordedVerdicts: verdictsFrom(read),
    telemetry,
    default_agent_id: defaultAgentId,
    secret,
    runningSessions: runningSessions(read),
    log,
    catalogue,
    blobs,
    ask,
    served: read.served,
    projections: read,
    recordUpkeep: (call: Call, request: ProjectionEvent) => recordUpkeep(context, call, request),
    about,
    processes: postgresRoster(database.db).list,
    keys_required: !keyless,
    metrics: telemetry.metricsText,
    ...checks({ log, database, projections: read }),
  };
  const idempotency = postgresIdempotency(database.db, clock);
  // The embedded database is this process's alone: what was being answered when it was opened is answered by nobody.
  if (database.kind === 'pglite') await forgetUnfinished(database.db);
  setInterval(() => void idempotency.sweep().catch(() => undefined), sweepMs).unref();
  const { mcp_state_key: state_key = secret() } = config;
  const server = httpServer<typeof context>({
    operations,
    context,
    authenticate: doorOf({ bootstrap: config.bootstrap_key, loopbackOpen: keyless, find: ring.find, now: clock.now }),
    keyless,
    idempotency,
    waitFor: (required, { projection, ...wait }) => read.reached(projection, required, wait),
    events: { subscribe: log.subscribe, head: log.head, readAll: log.readAll, scope: 'events:read', show: shownTo },
    explain: explain(database),
    journal,
    telemetry,
    clock,
    version,
    mounts: config.mcp ? mcpEndpoints({ operations, version, manual, standing: standingOf(read), state_key }) : [],
    cors_origins: config.cors_origins,
    ...(config.quotas === undefined ? {} : { quotas: aMinute(config.quotas) }),
  });
  const { url, moved } = await server.listen(config.host, config.port, { next_free: !config.port_is_fixed });
  return { server, url, moved, keyless };
};
