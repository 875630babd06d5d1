import { z } from 'zod';

/** The fields that everything remembered shares. */
export const memoryId = z.uuid();
export const actor = z.string().max(200);
export const instant = z.iso.datetime();
export const why = z.string().max(2_000);
/** In the order in which they were given, each once. */
export const Tags = z.array(z.string().min(1).max(100)).max(50);
/** What a fact, a summary or a description holds at most. */
export const statement = z.string().min(1).max(8_000);

export const once = (texts: readonly string[]): string[] => [...new Set(texts)];
