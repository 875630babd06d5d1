const unitsOf: readonly (readonly [unit: string, ms: number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
];
/** Below this a tenth of a second is worth telling. */
const tenthsMsMax = 10_000;

/** A length of time for a person: `382 ms`, `4.2 s`, or its two largest units, `23 h 59 m`. */
export const spelt = (ms: number): string => {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < tenthsMsMax) return `${(Math.floor(ms / 100) / 10).toFixed(1)} s`;
  const first = unitsOf.findIndex(([, unitMs]) => ms >= unitMs);
  const [[name, unitMs] = ['s', 1_000], next] = unitsOf.slice(first, first + 2);
  const whole = `${Math.floor(ms / unitMs)} ${name}`;
  const rest = next === undefined ? 0 : Math.floor((ms % unitMs) / next[1]);
  return next === undefined || rest === 0 ? whole : `${whole} ${rest} ${next[0]}`;
};
