import type { StoredEvent } from '../../../src/ports.ts';
import { portsOf } from './ports.ts';
import type { Stage } from './stage.ts';

/**
 * Somebody who follows the log all the time, through the same cuts and doubled deliveries as everybody, and notes what it
 * sees for the first time. What it has seen must be what the log holds (I8, P5).
 */
export const auditor = (stage: Stage): void => {
  const seen: StoredEvent[] = [];
  stage.history.readers.set('auditor', seen);
  const life = stage.world.begin('auditor', 1);
  const { log } = portsOf(stage, life);
  const never = new AbortController().signal;
  const listen = async (): Promise<void> => {
    for (;;) {
      try {
        const from = seen.at(-1)?.position ?? 'start';
        for await (const { events } of log.subscribe({ from, filter: { by: 'not_system' }, signal: never }))
          for (const event of events) if (event.position > (seen.at(-1)?.position ?? -1n)) seen.push(event);
      } catch {
        await new Promise<void>((resolve) => stage.world.after(100, 'reopens', resolve, life));
      }
    }
  };
  stage.world.after(0, 'started', () => void listen(), life);
};
