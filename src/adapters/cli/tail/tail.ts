import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { Failure, exits, understoodText } from '../exits.ts';
import type { Occasion } from '../occasion.ts';
import { sincePosition } from './tail.since.ts';
import { cellOf } from '../terminal/table.ts';

const backoffMsMin = 250;
const backoffMsMax = 10_000;

const Shown = z.looseObject({
  type: z.string().default('?'),
  stream: z.string().default('?'),
  revision: z.number().optional(),
  position: z.string().optional(),
  recorded_at: z.string().optional(),
  actor: z.string().nullish(),
});
const Bye = z.looseObject({ reason: z.string() });

interface Reached {
  /** Up to where everything that matched was seen; an id of the stream. */
  id: string | undefined;
  events: number;
  /** Something was heard since the last time the connection was made. */
  heard: boolean;
}

const write = async (data: string, { terminal }: Occasion): Promise<void> => {
  const said = understoodText(Shown, data, 'an event');
  if (terminal.form === 'ndjson' || terminal.form === 'json') return await terminal.print(JSON.stringify(said));
  const { type, stream, revision, position, recorded_at, actor } = said;
  const cells = [recorded_at, type, `${stream}@${revision ?? '?'}`, actor, position].map(cellOf);
  if (terminal.form === 'plain') return await terminal.print(cells.join('\t'));
  const [at = '', kind = '', where = '', who = '', place = ''] = cells;
  const { paint } = terminal;
  await terminal.print(
    `${paint('dim', at.slice(11, 23))}  ${paint('bold', kind)}  ${where}  ${paint('dim', `${who}  ${place}`)}`.trimEnd(),
  );
};

/** Reads one connection to its end. Answers false when no more is wanted, true when it should be made again. */
const readOnce = async (
  query: Readonly<Record<string, string>>,
  reached: Reached,
  limit: number | undefined,
  occasion: Occasion,
): Promise<boolean> => {
  const { terminal, flags } = occasion;
  const headers: Record<string, string> = reached.id === undefined ? {} : { 'Last-Event-ID': reached.id };
  const events = await occasion.client().listen({ method: 'GET', path: '/events/stream', query, headers });
  for await (const { event, data, id } of events) {
    reached.id = id ?? reached.id;
    reached.heard = true;
    if (event === 'acta' && data !== '') {
      await write(data, occasion);
      reached.events += 1;
      if (limit !== undefined && reached.events >= limit) return false;
    } else if (event === 'caught-up') {
      if (flags['follow'] === false) return false;
      terminal.note(terminal.tint('dim', `— caught up at ${reached.id ?? 'the end'}, live —`));
    } else if (event === 'bye') {
      const { reason } = understoodText(Bye, data, 'a farewell');
      if (reason === 'auth') throw new Failure(exits.not_allowed, 'the key does not open the event stream any more');
      terminal.note(terminal.tint('dim', `— the server ended the stream: ${reason} —`));
      return true;
    }
  }
  return true;
};

const flagged = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** The question to the event stream: from now on, unless it is said from where. `start` is before everything. */
const queryOf = async (occasion: Occasion): Promise<Readonly<Record<string, string>>> => {
  const { flags } = occasion;
  const since = flagged(flags['since']);
  const said = since === undefined ? flagged(flags['fromPosition']) : await sincePosition(since, occasion);
  // Without following, what is wanted is what there is.
  const from = said ?? (flags['follow'] === false ? 'start' : undefined);
  const members = {
    type: flagged(flags['type']),
    stream: flagged(flags['stream']),
    correlation_id: flagged(flags['correlationId']),
    from_position: from === 'start' ? undefined : from,
    from_now: from === undefined ? 'true' : undefined,
  };
  return Object.fromEntries(
    Object.entries(members).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
};

/**
 * `acta tail`: the log as it is written. A lost connection is made again, after a pause that grows, from the last
 * position seen: nothing is missed and nothing shown twice. Only a server that never answered ends it.
 */
export const tail = async (occasion: Occasion): Promise<void> => {
  const { terminal, interrupts, flags } = occasion;
  const limit = typeof flags['limit'] === 'number' ? flags['limit'] : undefined;
  const query = await queryOf(occasion);
  const reached: Reached = { id: undefined, events: 0, heard: false };
  let everHeard = false;
  let waitMs = backoffMsMin;
  for (;;) {
    reached.heard = false;
    try {
      if (!(await readOnce(query, reached, limit, occasion))) return;
    } catch (error) {
      if (interrupts.once.aborted) return;
      const refused = error instanceof Failure && error.exit !== exits.unreachable && error.exit !== exits.timeout;
      if (refused || (!everHeard && !reached.heard)) throw error;
    }
    if (interrupts.once.aborted) return;
    everHeard ||= reached.heard;
    if (reached.heard) waitMs = backoffMsMin;
    terminal.note(terminal.tint('dim', `— connecting again after ${reached.id ?? 'the start'} —`));
    await pause(waitMs, undefined, { signal: interrupts.once }).catch(() => undefined);
    waitMs = Math.min(waitMs * 2, backoffMsMax);
  }
};
