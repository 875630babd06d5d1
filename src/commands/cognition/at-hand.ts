import * as E from 'fp-ts/lib/Either.js';
import { streamOf } from '../../domain/kernel/ids.ts';
import { workingMemory } from '../../domain/working-memory/working-memory.decider.ts';
import type { Engine } from '../execute.ts';
import { recall } from '../recall.ts';
import { cite, citeWorkingMemory } from './cite.ts';
import { must, note, type Writer } from './note.ts';

/**
 * What a session has in mind, line by line, and at which revision (undefined where it has nothing), once whatever holds no
 * more is evicted: an item was loaded with its words, and no turn may be shown those of what was forgotten or corrected
 * since. The same turn evicts the same item once. Throws the log's errors, and on a refusal.
 */
export const atHand = async (
  engine: Engine,
  { session_id, turn_id }: { readonly session_id: string; readonly turn_id: string },
  writer: Writer,
): ReturnType<typeof citeWorkingMemory> => {
  const { log, catalogue, remembered } = engine;
  const stream = streamOf('working_memory', session_id);
  const found = await recall(log, catalogue, remembered, workingMemory, stream);
  const items = E.isLeft(found) ? [] : found.right.state.items;
  const said = await Promise.all(items.map(({ kind, ref_id: id }) => cite(engine, writer.tenant, { kind, id })));
  for (const [place, { ref_id }] of items.entries())
    if (said[place]?.active !== true)
      must(await note(engine, workingMemory, stream, { type: 'EvictItem', ref_id }, writer, turn_id, ref_id));
  return await citeWorkingMemory(engine, writer.tenant, session_id);
};
