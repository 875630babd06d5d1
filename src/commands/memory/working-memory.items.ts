import { z } from 'zod';
import { idInput } from '../../domain/kernel/id.input.ts';
import type { Problem } from '../../domain/kernel/operation.ts';
import { ItemKind, itemsMax, WorkingItem } from '../../domain/working-memory/working-memory.events.ts';
import { problem } from '../../problems.ts';
import { cite } from '../cognition/cite.ts';
import { command, type CommandContext } from '../context.ts';
import { problems, scope, tag } from './telling.ts';
import { done, path, WorkingMemoryState } from './working-memory.operations.ts';

const session_id = idInput('session');
const exampleId = '0198d7a0-0000-7000-8000-000000000005';
const exampleFact = '0198d7a0-0000-7000-8000-000000000021';
const summaryCharsMax = 2_000;

const ItemInput = z.strictObject({
  kind: ItemKind,
  ref_id: z.uuid(),
  relevance: WorkingItem.shape.relevance.default(1).meta({ description: 'A turn is shown what has 0.5 or more.' }),
});

/** An item in the words of its own stream: what is loaded says what it says there, whatever a caller would have it say. */
const itemOf = async (
  { engine }: CommandContext,
  tenant: string,
  { kind, ref_id, relevance }: z.output<typeof ItemInput>,
  place: number,
): Promise<WorkingItem | Problem> => {
  const cited = await cite(engine, tenant, { kind, id: ref_id });
  if (cited?.active !== true) {
    const errors = [{ pointer: `#/items/${place}/ref_id`, message: 'is not there, or holds no more' }];
    return problem('not_found', `there is no ${kind} ${ref_id} that holds`, { more: { errors } });
  }
  const summary = cited.line.replace(/^- /, '').slice(0, summaryCharsMax).toWellFormed();
  return { kind, ref_id, summary, relevance, loaded_at: new Date(engine.clock.now()).toISOString() };
};

const loadItems = command({
  name: 'load_items',
  kind: 'command',
  summary: 'Keep in a session’s mind what its turns should have at hand, whatever they would recall',
  description: `At most ${itemsMax} at once: what is least relevant goes first, of that what was loaded earliest. What holds no more goes by itself.`,
  scope,
  input: z.strictObject({ session_id, items: z.array(ItemInput).min(1).max(itemsMax) }),
  output: WorkingMemoryState,
  http: { method: 'POST', path: `${path}/items`, tag },
  cli: 'working-memory load',
  problems,
  examples: [
    { title: 'A fact', input: { session_id: exampleId, items: [{ kind: 'fact', ref_id: exampleFact, relevance: 1 }] } },
  ],
  run: async (context, { session_id: id, items: wanted }, call) => {
    const found = await Promise.all(wanted.map((item, place) => itemOf(context, call.principal.tenant, item, place)));
    const items: WorkingItem[] = [];
    for (const item of found) {
      if ('code' in item) return item;
      items.push(item);
    }
    return await done(context, call, id, { type: 'LoadItems', items });
  },
});

const evictItem = command({
  name: 'evict_item',
  kind: 'command',
  summary: 'Let go of something that a session has in mind; where nothing is named, of what is least relevant',
  scope,
  input: z.strictObject({ session_id, ref_id: z.uuid().nullable().default(null) }),
  output: WorkingMemoryState,
  http: { method: 'POST', path: `${path}/items/evict`, tag },
  cli: 'working-memory evict',
  problems,
  examples: [{ title: 'By id', input: { session_id: exampleId, ref_id: exampleFact } }],
  run: (context, { session_id: id, ref_id }, call) => done(context, call, id, { type: 'EvictItem', ref_id }),
});

export const workingMemoryItemOperations = [loadItems, evictItem] as const;
