import { crashPoint } from '../crash-points.ts';
import type { Matter } from './record.ts';
import type { Effect, Failure, Outcome, Wait } from '../domain/kernel/process.ts';

/** What a performer answers: the effect's result, or a failure of the bounded kind. */
export type Performed =
  { readonly ok: true; readonly result: unknown } | { readonly ok: false; readonly failure: Failure };

/** What surrounds an effect: the stream that wants it, whose that is, and the matter it is about with the newest event of it. */
export interface Occasion {
  readonly stream: string;
  readonly tenant: string;
  readonly matter: Matter;
}

/** Performs one kind of effect. Aborted, it ends soon; what it answers then is not recorded. */
export type Perform<Fx extends Effect = Effect> = (
  effect: Fx,
  context: Occasion & { readonly signal: AbortSignal },
) => Promise<Performed>;

/** An effect that has ended, and how. */
export interface Landed {
  readonly effect: Effect | Wait;
  readonly outcome: Outcome;
}

const messageMax = 1_000;

/** A performer that throws has a bug; the process hears of it as a failure it can record. */
export const failureOf = (error: unknown, code = 'internal'): Failure => ({
  code,
  message: (error instanceof Error ? error.message : String(error)).slice(0, messageMax).toWellFormed(),
  retryable: false,
});

/** A failure that trying again would not mend. */
export const refused = (code: string, message: string): { readonly ok: false; readonly failure: Failure } => ({
  ok: false,
  failure: { code, message: message.slice(0, messageMax).toWellFormed(), retryable: false },
});

const performed = async (perform: Perform, effect: Effect, context: Parameters<Perform>[1]): Promise<Performed> => {
  try {
    return await perform(effect, context);
  } catch (error) {
    return { ok: false, failure: failureOf(error) };
  }
};

/**
 * The effects of one instance that are under way, and those that have ended but are not recorded yet. An effect is
 * performed once: it stays here until its outcome is recorded, or until nobody wants it any more.
 */
export const flights = ({
  stream,
  stopped,
  now,
  onLanded,
}: {
  readonly stream: string;
  readonly stopped: AbortSignal;
  readonly now: () => number;
  readonly onLanded: (landed: Landed) => void;
}) => {
  const aloft = new Map<string, AbortController>();
  let landed: readonly Landed[] = [];

  const land = (effect: Effect | Wait, outcome: Performed): Landed => {
    const end = { effect, outcome: { ...outcome, at: new Date(now()).toISOString() } };
    landed = [...landed, end];
    return end;
  };

  const launch = async (effect: Effect, perform: Perform, about: Omit<Occasion, 'stream'>): Promise<void> => {
    const abort = new AbortController();
    aloft.set(effect.key, abort);
    crashPoint(`effect.before.${effect.kind}`);
    const signal = AbortSignal.any([abort.signal, stopped]);
    const outcome = await performed(perform, effect, { stream, ...about, signal });
    crashPoint(`effect.after.${effect.kind}`);
    if (aloft.get(effect.key) === abort) aloft.delete(effect.key);
    if (!signal.aborted) onLanded(land(effect, outcome));
  };

  return {
    /** Whether any are under way; one that was aborted is so no more, even while it is still ending. */
    aloft: (): boolean => aloft.size > 0,
    knows: (key: string): boolean => aloft.has(key) || landed.some(({ effect }) => effect.key === key),
    /** Begins an effect on behalf of a tenant: the stream's, never one that an effect names. */
    launch: (effect: Effect, perform: Perform, about: Omit<Occasion, 'stream'>): void =>
      void launch(effect, perform, about),
    /** A wait that is over needs no performer. */
    pass: (wait: Wait): void => void land(wait, { ok: true, result: null }),
    /** Aborts and forgets whatever is not among these keys. */
    keepOnly: (keys: ReadonlySet<string>): void => {
      for (const [key, abort] of aloft) {
        if (keys.has(key)) continue;
        aloft.delete(key);
        abort.abort();
      }
      landed = landed.filter(({ effect }) => keys.has(effect.key));
    },
    /** Those that have ended, in the order in which they did. They stay until they are recorded. */
    landed: (): readonly Landed[] => landed,
    recorded: (ends: readonly Landed[]): void => {
      const keys = new Set(ends.map(({ effect }) => effect.key));
      landed = landed.filter(({ effect }) => !keys.has(effect.key));
    },
  };
};
export type Flights = ReturnType<typeof flights>;
