import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { Failure, ProblemDocument, exits, failureOf, understood } from './exits.ts';
import type { Occasion } from './occasion.ts';
import { progress, type Progress, type Step } from './terminal/progress.ts';
import { render } from './terminal/render.ts';

const pollMs = 250;
const failuresInARowMax = 20;
const warningsShownMax = 5;

const number = z.number().nullish().catch(null);
const texts = z.array(z.string()).nullish().catch(null);

/** A long piece of work as the server tells of it; members that another version adds are kept. */
const Work = z.looseObject({
  operation_id: z.string(),
  status: z.string(),
  target: z.string().default(''),
  progress: z
    .looseObject({
      phase: z.string().optional(),
      done: number,
      total: number,
      events_per_second: number,
      eta_ms: number,
    })
    .nullish()
    .catch(null),
  warnings: texts,
  error: z.unknown().optional(),
});
type Work = z.infer<typeof Work>;

const going = new Set(['queued', 'pending', 'running', 'cancelling', 'canceling']);
const wellEnded = new Set(['succeeded', 'done', 'completed']);

const stepOf = ({ operation_id, target, status, progress: at }: Work): Step => ({
  name: target,
  operation_id,
  phase: at?.phase ?? status,
  done: at?.done ?? undefined,
  total: at?.total ?? undefined,
  per_second: at?.events_per_second ?? undefined,
  eta_ms: at?.eta_ms ?? undefined,
});

/** Asks once. A server that restarts meanwhile resumes the work, so it is given some time to come back. */
const lookAt = async (id: string, occasion: Occasion, failures: { count: number }): Promise<Work | undefined> => {
  try {
    const { body } = await occasion.client().ask({ method: 'GET', path: `/operations/${encodeURIComponent(id)}` });
    failures.count = 0;
    return understood(Work, body, 'an operation');
  } catch (error) {
    // The caller's Ctrl-C ends the asking too; who watches notices that by itself.
    if (occasion.interrupts.once.aborted) return undefined;
    const passing = error instanceof Failure && (error.exit === exits.unreachable || error.exit === exits.timeout);
    failures.count += 1;
    if (!passing || failures.count > failuresInARowMax) throw error;
    return undefined;
  }
};

/** The caller leaves: the work is cancelled if that was asked for, and goes on otherwise; either is said. */
const leave = async (id: string, { flags, client, interrupts }: Occasion): Promise<Failure> => {
  if (flags['cancelOnInterrupt'] !== true)
    return new Failure(exits.interrupted, `stopped watching; the work goes on as operation ${id}`, {
      hint: `acta operations watch ${id}`,
    });
  // The first Ctrl-C ended the watching; this request only the second one ends.
  await client(interrupts.twice).ask({ method: 'DELETE', path: `/operations/${encodeURIComponent(id)}` });
  return new Failure(exits.interrupted, `operation ${id} was asked to stop`);
};

const warnAnew = (work: Work, told: Set<string>, telling: Progress): void => {
  for (const warning of work.warnings ?? []) {
    if (told.has(warning)) continue;
    told.add(warning);
    if (told.size <= warningsShownMax) telling.warn(`! ${warning}`);
  }
};

const endedBadly = ({ operation_id, target, status, error }: Work): Failure => {
  const document = ProblemDocument.safeParse(error);
  if (document.success) return failureOf(document.data);
  const why = typeof error === 'string' ? `: ${error}` : '';
  return new Failure(exits.failed, `${target || operation_id} ${status}${why}`);
};

/** Looks again and again until the work has ended or the caller leaves. */
const follow = async (id: string, occasion: Occasion, telling: Progress, told: Set<string>): Promise<Work> => {
  const { once } = occasion.interrupts;
  const isOver = (work: Work): boolean =>
    !going.has(work.status) || (occasion.flags['swap'] === 'manual' && work.progress?.phase === 'ready');
  const failures = { count: 0 };
  while (!once.aborted) {
    const work = await lookAt(id, occasion, failures);
    if (work !== undefined) {
      warnAnew(work, told, telling);
      telling.step(stepOf(work));
      if (isOver(work)) return work;
    }
    await pause(pollMs, undefined, { signal: once }).catch(() => undefined);
  }
  throw await leave(id, occasion);
};

/** Follows one piece of work until it has ended, and writes its last word. Throws a Failure when it did not end well. */
export const watch = async (id: string, occasion: Occasion): Promise<void> => {
  const { terminal } = occasion;
  const telling = progress(terminal);
  const told = new Set<string>();
  let work: Work;
  try {
    work = await follow(id, occasion, telling, told);
  } finally {
    telling.end();
  }
  if (told.size > 0) terminal.warn(`${told.size} warnings; the first: ${[...told][0] ?? ''}`);
  await render(work, [], terminal);
  if (going.has(work.status)) terminal.note(`it is ready, and waits for: acta operations swap ${id}`);
  else if (!wellEnded.has(work.status)) throw endedBadly(work);
};
