import type { Clock } from '../../ports.ts';
import type { Progress } from '../operations.ts';
import { rate } from '../following/rate.ts';

/** How many looks it takes before anybody may say how long it will last. */
const samplesMin = 3;

/** Follows a rebuild on its way: never backwards, and no promise before there is something to promise by. */
export const journey = (clock: Clock, start: bigint) => {
  const events = rate(clock);
  const began = clock.now();
  let samples = 0;
  let folded = 0;
  let done = Number(start);
  let total = done;
  return {
    moved: (count: number): void => {
      events.add(count);
      folded += count;
      samples += 1;
    },
    at: (phase: Progress['phase'], position: bigint, head: bigint): Progress => {
      done = Math.max(done, Number(position), 0);
      total = Math.max(total, Number(head), done);
      const spent = clock.now() - began;
      const travelled = done - Number(start);
      const eta = travelled > 0 && samples >= samplesMin ? ((total - done) * spent) / travelled : null;
      return {
        phase,
        done,
        total,
        events: folded,
        events_per_second: Math.round(events.perSecond()),
        eta_ms: eta === null ? null : Math.round(eta),
      };
    },
  };
};

export type Journey = ReturnType<typeof journey>;
