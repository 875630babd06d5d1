import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { blobStoreOf } from '../../../src/adapters/blobs/blobs.ts';
import { catalogue } from '../../../src/domain/catalogue.ts';
import type { Event } from '../../../src/domain/kernel/event.ts';
import { derived } from '../../../src/domain/kernel/ids.ts';
import type { AnyOperation, Call } from '../../../src/domain/kernel/operation.ts';
import type { EventLog } from '../../../src/ports.ts';
import { foldLog } from '../../../src/projections/folding/fold.ts';
import type { FoldedRow, Projection } from '../../../src/projections/projection.ts';
import type { QueryContext } from '../../../src/projections/queries.ts';
import { reading } from '../../../src/projections/reading.ts';
import type { Database } from '../../../src/schema.ts';
import { pglite } from '../../support/databases.ts';
import { running, untilReached } from '../setting.ts';
import { emptied, engine, everything, openLog, served } from '../story.ts';

const uuid = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

const golden = (type: string): string =>
  readFileSync(new URL(`../../golden/events/${type}.v1.json`, import.meta.url), 'utf8');

type Change = Readonly<Record<string, unknown>>;

/** The golden events under ids of a story's own, so that many stories are told in one log. */
export const story = (name: string) => {
  const own = (id: string): string => derived('story', name, id);
  const event = (type: string, change: Change = {}): Event => {
    const data = JSON.parse(golden(type).replaceAll(uuid, own)) as Change;
    return { type, data: { ...data, ...change } };
  };
  /** The id that this story knows a golden thing by, such as `run_id` of `RunCreated`. */
  const idOf = (type: string, field: string): string => String((event(type).data as Change)[field]);
  return { name, event, idOf };
};
export type Story = ReturnType<typeof story>;

/** Appends to the stream of whatever the first id of each event names; answers the position of the last. */
const append = async (
  log: EventLog,
  name: string,
  { type, data }: Event,
  causation: string,
): Promise<[bigint, string]> => {
  const [[field, id] = ['', '']] = Object.entries(data as Change);
  const noun = field.replace(/_(?:id|key)$/, '');
  const event_id = randomUUID();
  const metadata = {
    ...{ version: '1', actor: 'key:test', tenant: 'default', command_id: 'c' },
    $correlationId: derived('correlation', name),
    $causationId: causation,
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  };
  const appended = await log.append(`${noun}-${String(id)}`, 'any', [{ id: event_id, type, data, metadata }]);
  if (!appended.ok) throw new Error('a conflict where any revision would do');
  return [appended.position, event_id];
};

export interface Stage {
  readonly log: EventLog;
  readonly database: Database;
  /** The rows that a projection shows, by key. */
  readonly rows: (projection: Projection) => Promise<readonly FoldedRow[]>;
  /** Folds everything anew. */
  readonly again: () => Promise<void>;
  /** What the same events come to without a database. */
  readonly pure: (projection: Projection) => Promise<ReadonlyMap<string, FoldedRow>>;
  readonly ask: (operation: AnyOperation<QueryContext>, input: Change, tenant?: string) => Promise<Answered>;
  readonly discard: () => Promise<void>;
}

/** An answer's output, or a problem, as a test looks at it. */
export interface Answered {
  readonly output?: {
    readonly data: readonly Readonly<Record<string, unknown>>[];
    readonly page?: { readonly next: string | null };
    readonly [member: string]: unknown;
  };
  readonly revision?: number;
  readonly code?: string;
}

const call = (tenant: string): Call => ({
  principal: { actor: 'key:test', tenant, scopes: ['*'] },
  command_id: randomUUID(),
  correlation_id: randomUUID(),
  request_id: randomUUID(),
  signal: new AbortController().signal,
});

/** A log in which these stories were told, event by event, and a database into which they are folded. */
export const stage = async (
  projections: readonly Projection[],
  stories: readonly (readonly [Story, readonly Event[]])[],
): Promise<Stage> => {
  const fresh = await pglite.open();
  const { log, discard } = await openLog();
  const { database } = fresh;
  let position = -1n;
  for (const [{ name }, events] of stories) {
    let cause = derived('request', name);
    for (const event of events) [position, cause] = await append(log, name, event, cause);
  }
  const fold = (): Promise<void> =>
    running(engine(log, database, projections, { catalogue }), async (engine) => {
      for (const { name } of projections) await untilReached(engine, name, position);
    });
  await fold();
  const blobs = blobStoreOf({ provider: 'noop' });
  const context: QueryContext = {
    ...{ log, catalogue, blobs, ask: reading(database).ask, served: () => undefined },
    default_agent_id: derived('agent', 'default'),
  };
  return {
    log,
    database,
    rows: async (projection) => [...(await served(database, projection)).values()],
    again: async () => {
      await emptied(database);
      await fold();
    },
    pure: async (projection) => foldLog(projection, catalogue, await everything(log)),
    ask: async (operation, input, tenant = 'default') => {
      const parsed = operation.input.parse(input) as never;
      const answer = await operation.run(context, parsed, call(tenant));
      if ('output' in answer) operation.output.parse(answer.output);
      return answer as Answered;
    },
    discard: async () => {
      await fresh.discard();
      await discard();
    },
  };
};

/** A story of each kind, under a name of its own. */
export const told = (noun: string, stories: Readonly<Record<string, readonly string[]>>) =>
  Object.entries(stories).map(([name, types]) => {
    const own = story(`${noun} ${name}`);
    return [name, own, types.map((type) => own.event(type))] as const;
  });

/** Everything that a list shows, asked for page by page. */
export const pages = async (
  on: Stage,
  operation: AnyOperation<QueryContext>,
  limit: number,
): Promise<readonly unknown[]> => {
  const all: unknown[] = [];
  let cursor: string | null | undefined;
  do {
    const { output } = await on.ask(operation, { limit, ...(cursor === undefined ? {} : { cursor }) });
    if (output === undefined) throw new Error('there is no page');
    all.push(...output.data);
    cursor = output.page?.next ?? null;
  } while (cursor !== null);
  return all;
};

/** Folded anew, and folded without a database, the rows are the same. */
export const expectSameAgain = async (on: Stage, projections: readonly Projection[]): Promise<void> => {
  const before = await Promise.all(projections.map(on.rows));
  await on.again();
  expect(await Promise.all(projections.map(on.rows))).toEqual(before);
  for (const projection of projections)
    expect(new Set(await on.rows(projection))).toEqual(new Set((await on.pure(projection)).values()));
};
