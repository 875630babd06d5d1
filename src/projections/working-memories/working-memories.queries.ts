import { z } from 'zod';
import { idInput } from '../../domain/kernel/id.input.ts';
import { itemsMax } from '../../domain/working-memory/working-memory.events.ts';
import { missing, query } from '../queries.ts';
import { instant } from '../shown.ts';

const exampleId = '0198d7a0-0000-7000-8000-000000000005';

/** What a session has in mind (requirements N93–N95). */
const WorkingMemoryView = z.object({
  session_id: z.uuid(),
  agent_id: z.uuid(),
  current_task: z.string(),
  current_frame: z.string().nullable(),
  items: z.array(
    z.object({
      kind: z.string(),
      ref_id: z.uuid(),
      summary: z.string().nullable().meta({ description: 'Null where it was forgotten since.' }),
      relevance: z.number(),
      loaded_at: instant,
    }),
  ),
  open_threads: z.array(
    z.object({
      description: z.string(),
      decision_id: z.uuid().nullable(),
      priority: z.string(),
      created_at: instant,
    }),
  ),
  item_count: z.int(),
  max_items: z.int(),
  updated_at: instant,
});

const getWorkingMemory = query({
  name: 'get_working_memory',
  kind: 'query',
  summary: 'What a session has in mind: its task, what was loaded for it, and what is left open',
  scope: 'memory:read',
  input: z.strictObject({ session_id: idInput('session') }),
  output: WorkingMemoryView,
  reads: 'working_memories',
  http: { method: 'GET', path: '/sessions/{session_id}/working-memory', tag: 'memory' },
  cli: 'working-memory show',
  examples: [{ title: 'By id', input: { session_id: exampleId } }],
  run: async ({ ask }, { session_id }, { principal: { tenant } }) => {
    const found = await ask(async (db) => {
      const row = await db
        .selectFrom('working_memories')
        .selectAll()
        .where('session_id', '=', session_id)
        .where('tenant', '=', tenant)
        .executeTakeFirst();
      const ids = row?.items.map(({ ref_id }) => ref_id) ?? [];
      const titles =
        ids.length === 0
          ? []
          : await db
              .selectFrom('memory_items')
              .select(['kind', 'item_id', 'title'])
              .where('tenant', '=', tenant)
              .where('item_id', 'in', ids)
              .execute();
      return row === undefined ? undefined : { row, titles };
    });
    if (found === undefined) return missing('working memory of session', session_id);
    const { row, titles } = found;
    const titleOf = new Map(titles.map(({ kind, item_id, title }) => [`${kind} ${item_id}`, title]));
    const items = row.items.map((item) => ({ ...item, summary: titleOf.get(`${item.kind} ${item.ref_id}`) ?? null }));
    const { agent_id, task: current_task, frame: current_frame, threads, updated_at } = row;
    const about = { session_id, agent_id, current_task, current_frame, updated_at };
    return {
      output: { ...about, items, open_threads: [...threads], item_count: items.length, max_items: itemsMax },
      revision: row.revision,
    };
  },
});

export const workingMemoryQueries = [getWorkingMemory] as const;
