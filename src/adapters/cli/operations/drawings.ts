import type { Terminal } from '../terminal/terminal.ts';
import { timelinePage } from '../timeline/timeline.page.ts';

type Drawing = (body: unknown, terminal: Terminal, now: number) => readonly string[] | undefined;

/** Answers that a person reads better as a picture than as a table, by the verb that asks for them. */
const drawings: Readonly<Record<string, Drawing>> = { 'runs timeline': timelinePage };

/** The picture of an answer; undefined where there is none, or where a program reads it. */
export const drawn = (verb: string, body: unknown, terminal: Terminal): readonly string[] | undefined =>
  terminal.form === 'human' ? drawings[verb]?.(body, terminal, Date.now()) : undefined;
