import { z } from 'zod';
import { event, type Occurrence } from '../kernel/event.ts';
import { instant, memoryId } from '../memory/words.ts';

export const itemKinds = ['fact', 'procedure', 'decision', 'censor', 'episode'] as const;
export const ItemKind = z.enum(itemKinds);
export const priorities = ['low', 'medium', 'high'] as const;
export const Priority = z.enum(priorities);

/** So much is held at once (requirements N93). */
export const itemsMax = 20;
/** What is open at once; whoever has more to do resolves some of it first. */
export const threadsMax = 50;

const session_id = memoryId;
export const Task = z.string().min(1).max(2_000);
export const Frame = z.string().min(1).max(200).nullable();
/** Something that is in mind (requirements N94). */
export const WorkingItem = z.strictObject({
  kind: ItemKind,
  ref_id: memoryId,
  summary: z.string().max(2_000),
  relevance: z.number().min(0).max(1),
  loaded_at: instant,
});
export type WorkingItem = z.infer<typeof WorkingItem>;
/** Something that is left to do or to find out (requirements N95). */
export const Thread = z.strictObject({
  description: z.string().min(1).max(2_000),
  decision_id: memoryId.nullable(),
  priority: Priority,
});
export type Thread = z.infer<typeof Thread>;
const ItemRef = z.object({ kind: ItemKind, ref_id: memoryId });

export const WorkingMemoryFocused = event(
  'WorkingMemoryFocused',
  z.object({ session_id, agent_id: memoryId, task: Task, frame: Frame, at: instant }),
  { personal: ['task'] },
);
/** What came to mind, and what had to go for it. */
export const WorkingMemoryLoaded = event(
  'WorkingMemoryLoaded',
  z.object({
    session_id,
    items: z.array(WorkingItem).min(1).max(itemsMax),
    evicted: z.array(ItemRef).max(itemsMax),
  }),
  { personal: ['items'] },
);
export const WorkingMemoryEvicted = event('WorkingMemoryEvicted', z.object({ session_id, ...ItemRef.shape }));
export const WorkingMemoryThreadOpened = event('WorkingMemoryThreadOpened', z.object({ session_id, ...Thread.shape }), {
  personal: ['description'],
});
export const WorkingMemoryThreadsResolved = event(
  'WorkingMemoryThreadsResolved',
  z.object({ session_id, descriptions: z.array(z.string().max(2_000)).min(1).max(threadsMax) }),
  { personal: ['descriptions'] },
);
export const WorkingMemoryCleared = event('WorkingMemoryCleared', z.object({ session_id }));

export const workingMemoryEvents = [
  WorkingMemoryFocused,
  WorkingMemoryLoaded,
  WorkingMemoryEvicted,
  WorkingMemoryThreadOpened,
  WorkingMemoryThreadsResolved,
  WorkingMemoryCleared,
] as const;
export type WorkingMemoryEvent = Occurrence<typeof workingMemoryEvents>;
