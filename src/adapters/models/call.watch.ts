import type { Failed } from './outcome.ts';
import { cancelled, failed } from './outcome.ts';

/** What one call may take. */
export interface CallLimits {
  /** Until the first byte of the answer. */
  readonly firstByteMsMax: number;
  /** Until its last. */
  readonly totalMsMax: number;
  /** Text and tool arguments together. */
  readonly answerBytesMax: number;
  /** Everything on the wire; a token in an event of its own takes some thirty times its size. */
  readonly wireBytesMax: number;
}

/** Of an error's body so much is read; what counts of it stands at the beginning. */
const errorBytesMax = 64 * 1024;

/** Assurance F60 and F68. */
export const callLimits: CallLimits = {
  firstByteMsMax: 60_000,
  totalMsMax: 300_000,
  answerBytesMax: 10 * 1024 * 1024,
  wireBytesMax: 64 * 1024 * 1024,
};

type Cause = 'caller' | 'first_byte' | 'total' | 'answer' | 'wire';

/** Watches over one call: whoever ends it first says why, and the connection is closed. */
export interface Watch {
  readonly signal: AbortSignal;
  /** The call's own `fetch`: it counts what comes in, and follows no redirect with a prompt in its hand. */
  readonly fetch: typeof fetch;
  /** Counts bytes of the answer itself. */
  readonly answered: (bytes: number) => void;
  /** Why the call was ended from this side, if it was. */
  readonly ended: () => Failed | undefined;
  readonly stop: () => void;
}

const reasons = (limits: CallLimits): Readonly<Record<Cause, () => Failed>> => ({
  caller: cancelled,
  first_byte: () => failed('timeout', `no byte of an answer within ${limits.firstByteMsMax} ms`, true),
  total: () => failed('timeout', `the answer was not complete within ${limits.totalMsMax} ms`, true),
  answer: () => failed('provider_error', `the answer was cut off at ${limits.answerBytesMax} bytes`, false),
  wire: () => failed('provider_error', `the answer was cut off at ${limits.wireBytesMax} bytes on the wire`, false),
});

/** Begins to watch: over the caller's patience, over what the call may take, and over what comes in. */
export const watchOf = (caller: AbortSignal, limits: CallLimits): Watch => {
  const controller = new AbortController();
  let cause: Cause | undefined;
  let wireBytes = 0;
  let answerBytes = 0;
  const end = (why: Cause): void => {
    cause ??= why;
    controller.abort();
  };
  const onCaller = (): void => end('caller');
  caller.addEventListener('abort', onCaller, { once: true });
  const firstByte = setTimeout(end, limits.firstByteMsMax, 'first_byte');
  const total = setTimeout(end, limits.totalMsMax, 'total');

  return {
    signal: controller.signal,
    fetch: async (input, init) => {
      const response = await fetch(input, { ...init, redirect: 'manual' });
      const counting = new TransformStream<Uint8Array, Uint8Array>({
        transform: (chunk, out) => {
          clearTimeout(firstByte);
          wireBytes += chunk.byteLength;
          out.enqueue(chunk);
          if (!response.ok && wireBytes > errorBytesMax) out.terminate();
          if (wireBytes > limits.wireBytesMax) end('wire');
        },
      });
      const { status, statusText, headers } = response;
      return new Response(response.body?.pipeThrough(counting) ?? null, { status, statusText, headers });
    },
    answered: (bytes) => {
      answerBytes += bytes;
      if (answerBytes > limits.answerBytesMax) end('answer');
    },
    ended: () => (cause === undefined ? undefined : reasons(limits)[cause]()),
    stop: () => {
      clearTimeout(firstByte);
      clearTimeout(total);
      caller.removeEventListener('abort', onCaller);
    },
  };
};
