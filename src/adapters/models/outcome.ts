import type { ModelFault, ModelOutcome, ModelRequest } from '../../ports.ts';

/** A call that gave no answer. */
export type Failed = Extract<ModelOutcome, { readonly ok: false }>;

/** Builds a failure; `retry_after_ms` is said only where the other side named a time. */
export const failed = (fault: ModelFault, message: string, retryable: boolean, retry_after_ms?: number): Failed => ({
  ok: false,
  fault,
  message,
  retryable,
  ...(retry_after_ms === undefined ? {} : { retry_after_ms }),
});

/** What an aborted signal ends a call with: whoever aborted it does not want it repeated. */
export const cancelled = (): Failed => failed('timeout', 'the call was cancelled before the model had answered', false);

/** Why no model could answer this request, or undefined. Saves a call that a provider would refuse anyway. */
export const unanswerable = ({ messages, max_tokens }: ModelRequest): Failed | undefined => {
  if (messages.length === 0) return failed('invalid_request', 'a request needs at least one message', false);
  if (!Number.isInteger(max_tokens) || max_tokens < 1)
    return failed('invalid_request', 'max_tokens must be a whole number above 0', false);
  return undefined;
};

/** A listener of streamed text that cannot break the call: after its first error it hears no more. */
export const guarded = (listener?: (delta: string) => void): ((delta: string) => void) => {
  let listening = listener !== undefined;
  return (delta) => {
    if (!listening || delta === '') return;
    try {
      listener?.(delta);
    } catch {
      listening = false;
    }
  };
};

/** Tokens as an estimate where no tokenizer is known: a quarter of the characters, rounded up (requirements C46). */
export const estimatedTokens = (text: string): number => Math.ceil(text.length / 4);
