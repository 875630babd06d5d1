import { open } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import { sha256, type Json } from '../../domain/kernel/digest.ts';
import type { Model, ModelOutcome, ModelRequest, ReplyBlock } from '../../ports.ts';
import { cancelled, estimatedTokens, failed, guarded, unanswerable, type Failed } from './outcome.ts';
import { textOf } from './message.text.ts';
import { callId } from './tool.names.ts';
import { filled, head, matched, scriptSchema, type Match, type Prompt, type Script } from './script.ts';

export const scriptBytesMax = 1024 * 1024;
/** Of so many requests it is remembered how often the script made them fail. */
export const failuresRememberedMax = 1_000;

const provider = 'scripted';
const model = 'scripted-1';

/** What is played when no script is named. */
const fallback = scriptSchema.parse({
  rules: [],
  otherwise: { text: 'This is scripted-1, a set of rules and no language model. No rule fits: {{message}}' },
});

const unusable = (what: string): Failed => failed('misconfigured', `the script of the scripted model ${what}`, false);

const readScript = async (path: string): Promise<Script | Failed> => {
  try {
    await using file = await open(path);
    const { size } = await file.stat();
    if (size > scriptBytesMax) return unusable(`is larger than ${scriptBytesMax} bytes`);
    const script = scriptSchema.safeParse(JSON.parse(await file.readFile('utf8')));
    return script.success ? script.data : unusable(`is not valid: ${z.prettifyError(script.error).slice(0, 500)}`);
  } catch (error) {
    return unusable(`cannot be read: ${(error as Error).message}`);
  }
};

const promptOf = ({ system, messages }: ModelRequest): Prompt => {
  const asked = messages.filter(({ role }) => role === 'user');
  const last = asked.at(-1);
  return { system, message: last === undefined ? '' : textOf(last), turn: asked.length };
};

/** Cuts a text at spaces into about so many pieces, which together are the text. */
const pieces = (text: string, count: number): readonly string[] => {
  const words = text.split(/(?<=\s)(?=\S)/u);
  const each = Math.ceil(words.length / count);
  return Array.from({ length: Math.ceil(words.length / each) }, (_, n) =>
    words.slice(n * each, n * each + each).join(''),
  );
};

const filledDeep = (value: Json, fill: (template: string) => string): Json => {
  if (typeof value === 'string') return fill(value);
  if (Array.isArray(value)) return value.map((item: Json) => filledDeep(item, fill));
  if (value === null || typeof value !== 'object') return value;
  const members = Object.entries(value as Readonly<Record<string, Json>>);
  return Object.fromEntries(members.map(([name, member]) => [name, filledDeep(member, fill)]));
};

const blocksOf = (
  { reply }: Match,
  request: ModelRequest,
  fill: (template: string) => string,
): { readonly text: string; readonly calls: readonly ReplyBlock[]; readonly cut: boolean } => {
  const whole = fill(reply?.text ?? '');
  const text = head(whole, request.max_tokens * 4);
  const calls = (reply?.tool_use ?? []).map(({ name, input }, ordinal): ReplyBlock => {
    return { type: 'tool_use', id: callId(request, name, ordinal), name, input: filledDeep(input, fill) };
  });
  return { text, calls, cut: text.length < whole.length };
};

/**
 * A model that is none, and says so: it answers by the rules of a script, offline and always alike. The same request
 * gets the same reply; only failures that end after some times are counted, by request, in this process.
 *
 * Tokens are estimated as a quarter of the characters (C46), and cost nothing. A pause between chunks really passes. The
 * script is read at the first call; one that cannot be read makes every call `misconfigured` until the file is mended.
 */
export const scriptedModel = (source: { readonly file?: string; readonly script?: Script }): Model => {
  let script = source.script ?? (source.file === undefined ? fallback : undefined);
  const failures = new Map<string, number>();

  const failure = ({ rule, fail }: Match, request: ModelRequest): Failed | undefined => {
    if (fail === undefined) return undefined;
    const { fault, message, retry_after_ms, times = Infinity } = fail;
    const key = `${rule} ${sha256(JSON.stringify(request.messages))}`;
    const before = failures.get(key) ?? 0;
    if (before >= times) return undefined;
    const [eldest] = failures.keys();
    if (eldest !== undefined && failures.size >= failuresRememberedMax) failures.delete(eldest);
    failures.set(key, before + 1);
    const retryable = fail.retryable ?? (fault === 'provider_error' || fault === 'timeout');
    return failed(fault, message, retryable, retry_after_ms);
  };

  const complete: Model['complete'] = async (request, { signal, onText }): Promise<ModelOutcome> => {
    const refusal = unanswerable(request);
    if (refusal !== undefined) return refusal;
    if (signal.aborted) return cancelled();
    const began = performance.now();
    if (script === undefined) {
      const read = await readScript(source.file ?? '');
      if ('ok' in read) return read;
      script = read;
    }
    const prompt = promptOf(request);
    const match = matched(script, prompt);
    const fault = failure(match, request);
    if (fault !== undefined) return fault;

    const { text, calls, cut } = blocksOf(match, request, (template) => filled(template, prompt, match.captures));
    const say = guarded(onText);
    for (const [place, piece] of pieces(text, match.reply?.chunks ?? 1).entries()) {
      const pause = place === 0 ? 0 : (match.reply?.chunk_delay_ms ?? 0);
      if (pause > 0) await wait(pause, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return cancelled();
      say(piece);
    }
    const asked = request.system + request.messages.map(textOf).join('');
    const answered = text + calls.map((call) => JSON.stringify(call)).join('');
    return {
      ok: true,
      reply: {
        provider,
        is_language_model: false,
        model,
        blocks: [...(text === '' ? [] : [{ type: 'text' as const, text }]), ...(cut ? [] : calls)],
        stop_reason: cut ? 'max_tokens' : calls.length > 0 ? 'tool_use' : 'end_turn',
        usage: {
          input_tokens: estimatedTokens(asked),
          output_tokens: estimatedTokens(answered),
          cache_read_tokens: 0,
          cache_write_tokens: 0,
        },
        cost_micros: 0,
        latency_ms: Math.round(performance.now() - began),
      },
    };
  };
  return { provider, default_model: model, cost_micros_max: () => 0, complete };
};
