import type { Model, ModelOutcome, ModelReply, ModelRequest } from '../../ports.ts';
import type { Assembled, Hearing } from './answer.ts';
import { watchOf, type CallLimits, type Watch } from './call.watch.ts';
import { cancelled, failed, guarded, unanswerable, type Failed } from './outcome.ts';

/** Whether a text is an address that can be called. */
export const callable = (url: string): boolean => URL.canParse(url) && /^https?:$/.test(new URL(url).protocol);

/** An address as it is joined with a path. */
export const withoutSlash = (url: string): string => url.replace(/\/+$/, '');

/** What differs from provider to provider in one attempt. */
export interface Attempt<Usage> {
  /** Asks, and puts the answer together. Throws what the connection and the client throw. */
  readonly ask: (watch: Watch, hearing: Hearing) => Promise<Assembled<Usage>>;
  /** Makes a reply of a whole answer. */
  readonly replied: (answer: Exclude<Assembled<Usage>, { readonly cut_off: true }>) => Omit<ModelReply, 'latency_ms'>;
  /** Maps what was thrown to the faults of requirements D82. */
  readonly faultOf: (thrown: unknown) => Failed | Promise<Failed>;
}

/**
 * One call, watched: it ends when its caller has had enough, when it takes too long and when too much comes. Where the
 * answer is cut, late, too long or not the protocol, nothing of it is returned, so no tool call of half a message is ever
 * run. It never throws.
 */
export const attempted = async <Usage>(
  request: ModelRequest,
  { signal, onText }: Parameters<Model['complete']>[1],
  limits: CallLimits,
  { ask, replied, faultOf }: Attempt<Usage>,
): Promise<ModelOutcome> => {
  const refusal = unanswerable(request);
  if (refusal !== undefined) return refusal;
  if (signal.aborted) return cancelled();
  const watch = watchOf(signal, limits);
  const began = performance.now();
  try {
    const answer = await ask(watch, { onText: guarded(onText), onBytes: watch.answered });
    if ('cut_off' in answer)
      return watch.ended() ?? failed('provider_error', `the answer broke off after ${answer.chars} characters`, true);
    return { ok: true, reply: { ...replied(answer), latency_ms: Math.round(performance.now() - began) } };
  } catch (thrown) {
    return watch.ended() ?? (await faultOf(thrown));
  } finally {
    watch.stop();
  }
};
