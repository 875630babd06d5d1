import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openEmbeddedLog } from '../../src/adapters/embedded-log/event-log.ts';
import { crashPoints, type CrashPoint } from '../../src/crash-points.ts';
import { derived } from '../../src/domain/kernel/ids.ts';
import type { StoredEvent } from '../../src/ports.ts';
import { gatePoints } from '../crash-harness/points.ts';
import { copyMigratedCluster } from '../support/migrated.cluster.ts';
import { eventsIn } from './engines.ts';

const folder = mkdtempSync(join(tmpdir(), 'acta-crash-'));
const program = fileURLToPath(new URL('./turn.program.ts', import.meta.url));
/** Many lives of one program: what the first has compiled the others need not. */
const environment = { ...process.env, NODE_COMPILE_CACHE: join(folder, 'compiled') };
const stream = `session-${derived('crash test', 'session')}`;

beforeAll(() => copyMigratedCluster(join(folder, 'read-models', 'cluster')));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Lets the program live until it is killed at a crash point, or has ended by itself; answers how it ended. */
const life = async (turns: number, point?: CrashPoint, end: readonly string[] = []): Promise<string> => {
  const running = spawn(process.execPath, [program, folder, String(turns), ...end], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...environment, ...(point === undefined ? {} : { ACTA_CRASH_AT: point }) },
  });
  const [code, signal] = (await once(running, 'exit')) as [number | null, string | null];
  return signal ?? `exit ${code}`;
};

const recorded = async (): Promise<readonly StoredEvent[]> => {
  const log = await openEmbeddedLog({ folder: join(folder, 'log') });
  const events = await eventsIn(log, stream);
  await log.close();
  return events;
};
/** How much of what an agent remembers is on the record, by type. */
const kept = async (): Promise<Readonly<Record<string, number>>> => {
  const log = await openEmbeddedLog({ folder: join(folder, 'log') });
  const counts: Record<string, number> = {};
  for await (const page of log.readAll())
    for (const { type } of page)
      if (/^(?:Fact|Episode|WorkingMemory)/.test(type)) counts[type] = (counts[type] ?? 0) + 1;
  await log.close();
  return counts;
};
const callsMade = (): readonly string[] => readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n');

/** In the order in which one turn comes to them: each life is killed at the next. The first attempt of the model fails. */
const effectPoints: readonly CrashPoint[] = [
  'effect.before.context',
  'effect.after.context',
  'effect.recorded.context',
  'effect.before.model',
  'effect.after.model',
  'effect.recorded.model',
  'effect.recorded.wait',
  'effect.before.remember',
  'effect.after.remember',
  'effect.recorded.remember',
  'effect.before.post_turn',
  'effect.after.post_turn',
  'effect.recorded.post_turn',
];
const endPoints: readonly CrashPoint[] = [
  'effect.before.reflect',
  'effect.after.reflect',
  'effect.recorded.reflect',
  'effect.before.conclude',
  'effect.after.conclude',
  'effect.recorded.conclude',
];
const followPoints: readonly CrashPoint[] = ['follow.before_checkpoint', 'follow.after_checkpoint'];

describe('a node that is killed again and again', () => {
  it('is killed at every place there is, those of the gate and of runs in the crash harness', () => {
    const places = crashPoints.filter((point) => /^(?:effect|follow)\./.test(point) && !gatePoints.includes(point));
    expect([...effectPoints, ...endPoints, ...followPoints].toSorted()).toEqual(places.toSorted());
  });

  it('at every step of a turn ends the turn, and calls the model again only for an answer that was not recorded', async () => {
    for (const point of effectPoints) expect(await life(1, point), point).toBe('SIGKILL');
    const events = await recorded();
    expect(events.map(({ type }) => type)).toEqual([
      'SessionOpened',
      'TurnReceived',
      'ContextAssembled',
      'ModelCalled',
      'ModelRetryScheduled',
      'ModelCalled',
      'ModelReplied',
      'ToolsRequested',
      'ToolCallEnded',
      'ModelCalled',
      'ModelReplied',
      'TurnAssessed',
      'TurnCompleted',
    ]);
    for (const [index, { metadata }] of events.entries())
      if (index > 0) expect(metadata['prev']).toBe(events[index - 1]?.metadata['self']);
    // The answer to the first attempt was lost once, between its end and its record; the others were recorded at once.
    expect(callsMade()).toEqual(['1', '1', '2', '2']);
    expect(await kept()).toEqual({ FactLearned: 1, EpisodeStarted: 1, WorkingMemoryFocused: 1 });
  }, 120_000);

  it('around its place in the log takes the next turn all the same, once', async () => {
    for (const point of followPoints) expect(await life(2, point), point).toBe('SIGKILL');
    expect(await life(2)).toBe('exit 0');
    const types = (await recorded()).map(({ type }) => type);
    for (const type of ['TurnReceived', 'ToolsRequested', 'TurnCompleted'])
      expect(
        types.filter((each) => each === type),
        type,
      ).toHaveLength(2);
  }, 120_000);

  it('at every step of its end says once what the session taught', async () => {
    for (const point of endPoints) expect(await life(2, point, ['end']), point).toBe('SIGKILL');
    expect(await life(2, undefined, ['end'])).toBe('exit 0');
    const types = (await recorded()).map(({ type }) => type);
    expect(types.slice(types.indexOf('SessionEndRequested'))).toEqual([
      'SessionEndRequested',
      'SessionReflected',
      'SessionClosed',
    ]);
    expect(callsMade().filter((call) => call === 'reflection')).toHaveLength(2);
    // A fact of the turns, which say the same, and one of the reflection.
    expect(await kept()).toMatchObject({
      ...{ FactLearned: 2, FactConfirmed: 1 },
      ...{ EpisodeStarted: 1, EpisodeEnded: 1, WorkingMemoryCleared: 1 },
    });
  }, 120_000);
});
