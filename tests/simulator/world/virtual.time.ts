import type { World } from './world.ts';

/** The timers as they are without a simulation. The simulator itself runs on these. */
export const real = { setImmediate, setTimeout, clearTimeout, now: Date.now.bind(Date) };

const kinds = new Set(['Timeout', 'TCPSocketWrap', 'TCPServerWrap', 'UDPWrap', 'FSReqPromise', 'GetAddrInfoReqWrap']);

/** What would let a run depend on this machine: a real timer or socket that somebody in it has opened. */
export const realResources = (): readonly string[] =>
  process.getActiveResourcesInfo().filter((resource) => kinds.has(resource));

const forbidden = (name: string) => (): never => {
  throw new Error(`${name} is not part of a simulated world`);
};

/**
 * Puts the world's time and chance where the product looks for the machine's. A timer belongs to whoever runs when it is
 * set: with a dead generation its timers die too. For a process of its own only; it cannot be taken back.
 */
export const installVirtualTime = (current: () => World): void => {
  const later =
    (again: boolean) =>
    (run: (...given: unknown[]) => void, delay: unknown = 0, ...given: unknown[]) => {
      const world = current();
      const ms = Math.max(1, Math.trunc(Number(delay)) || 0);
      const timer = {
        over: false,
        unref: () => timer,
        ref: () => timer,
        hasRef: () => true,
        close: () => clear(timer),
      };
      const arm = (): void =>
        world.after(ms, 'timer', () => {
          if (timer.over) return;
          if (again) arm();
          run(...given);
        });
      arm();
      return timer;
    };
  const clear = (timer: unknown): void => {
    if (typeof timer === 'object' && timer !== null) (timer as { over: boolean }).over = true;
  };
  Object.assign(globalThis, {
    setTimeout: later(false),
    setInterval: later(true),
    setImmediate: (run: (...given: unknown[]) => void, ...given: unknown[]) => later(false)(run, 0, ...given),
    clearTimeout: clear,
    clearInterval: clear,
    clearImmediate: clear,
    fetch: forbidden('fetch'),
  });
  Date.now = () => current().now();
  Math.random = () => current().chance.next();
  AbortSignal.timeout = forbidden('AbortSignal.timeout');
};
