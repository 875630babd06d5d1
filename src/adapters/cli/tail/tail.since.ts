import { z } from 'zod';
import { Failure, exits, understood, usage } from '../exits.ts';
import type { Occasion } from '../occasion.ts';

const pagesMax = 50;
const pageRows = 200;
const msOf: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

const Page = z.object({
  data: z.array(z.looseObject({ position: z.string(), recorded_at: z.string() })),
  page: z.looseObject({ next: z.string().nullable() }),
});

/** `5m`, `2h`, `1d` ago, or an instant (RFC 3339), as epoch milliseconds. */
export const instantOf = (text: string, now: number): number => {
  const [, count, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const at = count === undefined ? Date.parse(text) : now - Number(count) * (msOf[unit ?? ''] ?? 0);
  if (Number.isNaN(at)) throw usage(`--since is 5m, 2h, 1d or an instant like 2026-11-21T09:00:00Z, not "${text}"`);
  return at;
};

/** The position before the first event recorded since then, or `start`: the events are looked through from the newest back. */
export const sincePosition = async (since: string, { client, interrupts }: Occasion): Promise<string> => {
  const from = instantOf(since, Date.now());
  const server = client();
  let cursor: string | undefined;
  for (let page = 0; page < pagesMax && !interrupts.once.aborted; page += 1) {
    const query = { direction: 'backward', limit: String(pageRows), ...(cursor === undefined ? {} : { cursor }) };
    const { data, page: place } = understood(
      Page,
      (await server.ask({ method: 'GET', path: '/events', query })).body,
      'a page',
    );
    const older = data.find(({ recorded_at }) => Date.parse(recorded_at) < from);
    if (older !== undefined) return older.position;
    if (place.next === null) return 'start';
    cursor = place.next;
  }
  throw new Failure(exits.incomplete, `more than ${pagesMax * pageRows} events were recorded since ${since}`, {
    hint: 'say where to begin with --from-position',
  });
};
