import type { Storage, StoreOutcome } from '../storage.ts';
import { batchFailed, batchSucceeded, type BatchFailure } from '../wire/batch-append.ts';
import type { Assembly } from './assembly.ts';
import type { Call } from './call.ts';
import { inFlightBytesMax, inFlightMax, sweepMs } from './limits.ts';

const failureOf = (outcome: Exclude<StoreOutcome, { readonly is: 'appended' }>): BatchFailure => {
  switch (outcome.is) {
    case 'wrong_expected_version':
    case 'stream_deleted':
    case 'too_large':
      return outcome;
    case 'invalid':
      return { is: 'bad_request', message: outcome.message };
    case 'disk_full':
      return { is: 'unknown', message: 'the disk is full: nothing was recorded' };
    case 'failed':
      return { is: 'unknown', message: outcome.message };
  }
};

/**
 * What the store is working on for one call. Each append is answered once: by its outcome, or by `Timeout` when its
 * deadline passes first, for the official client waits for ever (and counts on nobody else's clock than its own).
 */
export const flight = (call: Call, storage: Storage) => {
  const pending = new Map<object, { readonly expires_at: number; readonly expire: () => void }>();
  let bytes = 0;
  let landed: (() => void) | undefined;
  let sweep: NodeJS.Timeout | undefined;

  const expireAll = (): void => {
    const now = Date.now();
    for (const { expires_at, expire } of pending.values()) if (expires_at <= now) expire();
    if (pending.size === 0) {
      clearInterval(sweep);
      sweep = undefined;
    }
  };
  const land = (assembly: Assembly): void => {
    pending.delete(assembly);
    bytes -= assembly.bytes;
    landed?.();
  };
  const launch = (correlation: string, assembly: Assembly): void => {
    const { target, events, expires_at } = assembly;
    let answered = false;
    const answer = (message: Buffer): void => {
      if (!answered) call.send(message);
      answered = true;
    };
    const fail = (failure: BatchFailure): void => answer(batchFailed(correlation, target, failure));
    if (assembly.failure !== undefined) return fail(assembly.failure);
    if (expires_at <= Date.now()) return fail({ is: 'timeout' });

    pending.set(assembly, { expires_at, expire: () => fail({ is: 'timeout' }) });
    bytes += assembly.bytes;
    sweep ??= setInterval(expireAll, sweepMs).unref();
    const { stream, expected } = target;
    void storage
      .append([{ stream, expected, events }])
      .then((outcome) => {
        if (outcome.is !== 'appended') return fail(failureOf(outcome));
        return answer(batchSucceeded(correlation, target, outcome.revisions[0] ?? 0, outcome.position));
      })
      .catch((error: unknown) => fail({ is: 'unknown', message: error instanceof Error ? error.message : 'failed' }))
      .finally(() => land(assembly));
  };
  const below = async (count: number, size: number): Promise<void> => {
    const crowded = (): boolean => pending.size > count || bytes > size;
    while (crowded()) {
      await new Promise<void>((resolve) => {
        landed = resolve;
      });
    }
  };
  return {
    launch,
    room: () => below(inFlightMax, inFlightBytesMax),
    empty: () => below(0, 0),
  };
};
