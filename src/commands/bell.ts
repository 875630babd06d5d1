/** Lets one waiter be called before its time is up. Ringing with nobody waiting is remembered until somebody waits. */
export const bell = () => {
  let rung = false;
  let wake: (() => void) | undefined;
  return {
    ring: (): void => {
      rung = true;
      wake?.();
    },
    /** Until rung, or so many milliseconds. */
    wait: async (ms: number): Promise<void> => {
      if (!rung) {
        let timer: NodeJS.Timeout | undefined;
        await new Promise<void>((resolve) => {
          wake = resolve;
          timer = setTimeout(resolve, ms);
        });
        clearTimeout(timer);
        wake = undefined;
      }
      rung = false;
    },
  };
};
export type Bell = ReturnType<typeof bell>;
