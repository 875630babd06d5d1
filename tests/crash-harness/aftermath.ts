import { setTimeout as pause } from 'node:timers/promises';
import { asks, history } from './client.ts';
import { costOf, type Told } from './check.ts';
import type { Workload } from './work.ts';

const roundMs = 40;
const settledMsMax = 60_000;

/** After the last kill: everything comes to its end, or is said to be waiting. */
export const settled = async (url: string, work: Workload): Promise<readonly string[]> => {
  const deadline = Date.now() + settledMsMax;
  const open = () => work.wanted.filter(({ over }) => !over);
  for (; open().length > 0 && Date.now() < deadline; await pause(roundMs)) await work.round(url);
  return open().map(({ name, kind }) => `${name} (${kind}) has not come to its end`);
};

/** A budget has nothing set aside any more, and has spent what the runs say that they cost. */
export const budgetFaults = async (
  url: string,
  budget_id: string,
  told: readonly Told[],
): Promise<readonly string[]> => {
  const spent = told.reduce((sum, { run }) => sum + costOf(run), 0);
  const deadline = Date.now() + settledMsMax;
  for (;;) {
    const { body } = await asks(url, `/streams/budget-${budget_id}/state`);
    const { reserved, spent: recorded } = body?.state ?? {};
    if (reserved?.micros === 0 && recorded.micros === spent) return [];
    if (Date.now() > deadline)
      return [`the budget has ${reserved?.micros} reserved and ${recorded?.micros} spent; the runs cost ${spent}`];
    await pause(roundMs);
  }
};

/** What the log says of everything that was wanted. */
export const histories = (url: string, { wanted }: Workload): Promise<readonly Told[]> =>
  Promise.all(
    wanted.map(async ({ name, id, run_id }): Promise<Told> => ({
      name,
      directive: (await history(url, `directive-${id}`)) ?? [],
      run: run_id === undefined ? [] : ((await history(url, `run-${run_id}`)) ?? []),
    })),
  );
