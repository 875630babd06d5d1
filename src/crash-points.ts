/**
 * Places where the crash tests kill the process (assurance 4.6). Outside those tests a crash point does nothing.
 */

/** Every place there is; the crash suite must have killed at each of them. */
export const crashPoints = [
  'log.before_commit',
  'log.after_commit',
  'log.after_head',
  'log.before_ack',
  'projection.before_commit',
  'projection.after_commit',
  'rebuild.before_swap',
  'rebuild.in_swap',
  'rebuild.after_swap',
  'effect.before.context',
  'effect.after.context',
  'effect.recorded.context',
  'effect.before.model',
  'effect.after.model',
  'effect.recorded.model',
  'effect.recorded.wait',
  'effect.before.post_turn',
  'effect.after.post_turn',
  'effect.recorded.post_turn',
  'effect.before.remember',
  'effect.after.remember',
  'effect.recorded.remember',
  'effect.before.reflect',
  'effect.after.reflect',
  'effect.recorded.reflect',
  'effect.before.conclude',
  'effect.after.conclude',
  'effect.recorded.conclude',
  'effect.before.dispatch',
  'effect.after.dispatch',
  'effect.recorded.dispatch',
  'effect.before.announce',
  'effect.after.announce',
  'effect.recorded.announce',
  'effect.before.judge',
  'effect.after.judge',
  'effect.recorded.judge',
  'effect.before.claim',
  'effect.after.claim',
  'effect.recorded.claim',
  'effect.before.invoke',
  'effect.after.invoke',
  'effect.recorded.invoke',
  'effect.before.intend_undo',
  'effect.after.intend_undo',
  'effect.recorded.intend_undo',
  'effect.before.undo',
  'effect.after.undo',
  'effect.recorded.undo',
  'follow.before_checkpoint',
  'follow.after_checkpoint',
] as const;

/** Effects have a place each side of being performed, and one after being recorded, whatever their kind. */
export type CrashPoint = (typeof crashPoints)[number] | `effect.${'before' | 'after' | 'recorded'}.${string}`;

/** `name`, or `name:n` for the n-th time that the place is reached. */
const [wanted, times] = (process.env['ACTA_CRASH_AT'] ?? '').split(':');
let remaining = Number(times ?? 1);

/** Kills the process, as a power cut would as far as its memory goes, when `ACTA_CRASH_AT` names this place. */
export const crashPoint = (name: CrashPoint): void => {
  if (name !== wanted) return;
  remaining -= 1;
  if (remaining === 0) process.kill(process.pid, 'SIGKILL');
};
