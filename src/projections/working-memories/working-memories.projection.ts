import type { Recorded } from '../../domain/kernel/event.ts';
import { tenantOf } from '../../domain/kernel/tenant.ts';
import type { Thread, WorkingItem, WorkingMemoryEvent } from '../../domain/working-memory/working-memory.events.ts';
import { afterLoading, isSame } from '../../domain/working-memory/working-memory.state.ts';
import { projection } from '../projection.ts';

/** What is in mind, without its words: those are asked for where they are kept, so that what is forgotten is nowhere. */
export type HeldItem = Omit<WorkingItem, 'summary'>;
export type OpenThread = Thread & { readonly created_at: string };

export interface WorkingMemoryRow {
  readonly session_id: string;
  readonly tenant: string;
  readonly agent_id: string;
  readonly task: string;
  readonly frame: string | null;
  readonly items: readonly HeldItem[];
  readonly threads: readonly OpenThread[];
  readonly revision: number;
  readonly position: bigint;
  readonly updated_at: string;
}

const touched = (
  row: WorkingMemoryRow | undefined,
  { revision, position, recorded_at }: Recorded<WorkingMemoryEvent>,
  change: (row: WorkingMemoryRow) => Partial<WorkingMemoryRow>,
): WorkingMemoryRow | null =>
  row === undefined ? null : { ...row, ...change(row), revision, position, updated_at: recorded_at };

/** What each session has in mind: its task, what was loaded for it, and what is left open. */
export const workingMemories = projection<WorkingMemoryRow, WorkingMemoryEvent>({
  name: 'working_memories',
  version: 1,
  table: (t) =>
    t
      .addColumn('session_id', 'uuid', (c) => c.primaryKey())
      .addColumn('tenant', 'text', (c) => c.notNull())
      .addColumn('agent_id', 'uuid', (c) => c.notNull())
      .addColumn('task', 'text', (c) => c.notNull())
      .addColumn('frame', 'text')
      .addColumn('items', 'jsonb', (c) => c.notNull())
      .addColumn('threads', 'jsonb', (c) => c.notNull())
      .addColumn('revision', 'integer', (c) => c.notNull())
      .addColumn('position', 'bigint', (c) => c.notNull())
      .addColumn('updated_at', 'timestamptz', (c) => c.notNull()),
  key: ({ data }) => data.session_id,
  on: {
    WorkingMemoryFocused: (row, { data, ...event }) => {
      const { session_id, agent_id, task, frame } = data;
      const { revision, position, recorded_at: updated_at } = event;
      const { items = [], threads = [] } = row ?? {};
      return {
        ...{ session_id, agent_id, task, frame, items, threads, revision, position, updated_at },
        tenant: tenantOf(event),
      };
    },
    WorkingMemoryLoaded: (row, event) => {
      const { items: loaded, evicted } = event.data;
      const bare = loaded.map(({ summary: _, ...item }) => item);
      return touched(row, event, ({ items }) => ({ items: afterLoading(items, { items: bare, evicted }) }));
    },
    WorkingMemoryEvicted: (row, event) =>
      touched(row, event, ({ items }) => ({ items: items.filter((item) => !isSame(item, event.data)) })),
    WorkingMemoryThreadOpened: (row, event) => {
      const { description, decision_id, priority } = event.data;
      const thread = { description, decision_id, priority, created_at: event.recorded_at };
      return touched(row, event, ({ threads }) => ({ threads: [...threads, thread] }));
    },
    WorkingMemoryThreadsResolved: (row, event) => {
      const done = new Set(event.data.descriptions);
      return touched(row, event, ({ threads }) => ({
        threads: threads.filter(({ description }) => !done.has(description)),
      }));
    },
    WorkingMemoryCleared: () => null,
  },
});
