import { vi } from 'vitest';
import type { Project } from '../../src/projections/project.ts';

/** Runs an engine for as long as somebody looks at it. */
export const running = async <T>(engine: Project, look: (engine: Project) => Promise<T>): Promise<T> => {
  await engine.start();
  try {
    return await look(engine);
  } finally {
    await engine.stop();
  }
};

export const statusOf = async (engine: Project, name: string) => {
  const status = (await engine.status()).find((candidate) => candidate.name === name);
  if (status === undefined) throw new Error(`${name} has no status`);
  return status;
};

/** Until a projection is in this state. */
export const untilState = (engine: Project, name: string, state: string): Promise<void> =>
  vi.waitFor(
    async () => {
      const status = await statusOf(engine, name);
      if (status.state !== state) throw new Error(`${name} is ${status.state} (${status.reason}), not ${state}`);
    },
    { timeout: 15_000, interval: 25 },
  );

/** Until a projection shows everything up to a position. */
export const untilReached = async (engine: Project, name: string, position: bigint): Promise<void> => {
  const reached = await engine.reached(name, position, { wait_ms: 10_000 });
  if (!reached.reached) throw new Error(`${name} is at ${reached.position} and ${reached.state}, not at ${position}`);
};
