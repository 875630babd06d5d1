import type { Problem } from '../../../domain/kernel/operation.ts';
import { digest } from '../../../domain/kernel/digest.ts';
import { derived } from '../../../domain/kernel/ids.ts';
import { problem } from '../../../problems.ts';
import type { Begun, Idempotency, KeptAnswer } from '../../../ports.ts';

/** What a request is, word for word: the same key with another of these is a mistake of the caller. */
export const fingerprintOf = (method: string, url: string, body: unknown): string => digest({ method, url, body });

/** A request that may be done now, or was done before. */
export interface Permission {
  /** The same for every attempt at the same request, so that the log knows what it holds already. */
  readonly command_id: string;
  /** What was answered the first time. */
  readonly replay?: KeptAnswer;
  /** The store could not be asked; the log alone keeps a repeated command from being done twice. */
  readonly degraded: boolean;
  /** Keeps the answer, or lets the key be used again where there is none worth keeping. Never throws. */
  readonly settle: (answer: KeptAnswer | undefined) => Promise<void>;
}

const nothingToSettle = (): Promise<void> => Promise.resolve();

/** A command without a key: it has a fresh id, and its answer is not kept. */
export const unkept = (command_id: string): Permission => ({ command_id, degraded: false, settle: nothingToSettle });

const inTime = async <T>(work: Promise<T>, ms: number): Promise<T> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
};

const inProgressRetryMs = 1_000;

const refusalOf = (begun: Begun): Problem | undefined => {
  switch (begun.state) {
    case 'in_progress':
      return problem('idempotency_in_progress', 'a request with this key has begun and not ended', {
        retry_after_ms: inProgressRetryMs,
      });
    case 'mismatch':
      return problem('idempotency_mismatch', 'this key was sent before with another method, address or body');
    case 'fresh':
    case 'replay':
      return undefined;
  }
};

export interface OnceOptions {
  readonly store: Pick<Idempotency, 'begin' | 'finish' | 'abandon'>;
  readonly waitMsMax: number;
  /** Told when the store fails. */
  readonly failed: (error: unknown) => void;
}

/**
 * Asks whether a request that names itself by a key is done now, was done before, is being done, or is not the one the
 * key stands for. The store saves work and keeps answers; it is not what makes a command happen once: a command's id is
 * derived from principal, key and request, and what that id recorded is never recorded again (design 3, rule 2). So when
 * the store is out of reach, commands go on, and it is said that the answer was not kept.
 */
export const once = async (
  { store, waitMsMax, failed }: OnceOptions,
  who: string,
  key: string,
  fingerprint: string,
): Promise<Permission | Problem> => {
  const command_id = derived('request', who, key, fingerprint);
  const begin = store.begin(who, key, fingerprint);
  let begun: Begun;
  try {
    begun = await inTime(begin, waitMsMax);
  } catch (error) {
    failed(error);
    // It may yet begin, when nobody waits for it any more; then the key is let go.
    begin.then(({ state }) => (state === 'fresh' ? store.abandon(who, key) : undefined)).catch(() => undefined);
    return { command_id, degraded: true, settle: nothingToSettle };
  }
  const refusal = refusalOf(begun);
  if (refusal !== undefined) return refusal;
  if (begun.state === 'replay') return { command_id, degraded: false, replay: begun.answer, settle: nothingToSettle };
  return {
    command_id,
    degraded: false,
    settle: async (answer) => {
      try {
        await inTime(answer === undefined ? store.abandon(who, key) : store.finish(who, key, answer), waitMsMax);
      } catch (error) {
        failed(error);
      }
    },
  };
};

/** What depends on how things stand now, and may be answered otherwise when they have changed. */
const passing: ReadonlySet<number> = new Set([409, 412]);

/** Only what would be the same again is kept: no fault of ours, no passing state, nothing worth another attempt as it is. */
export const isWorthKeeping = ({ status, retryable }: Problem): boolean =>
  status < 500 && !passing.has(status) && !retryable;
