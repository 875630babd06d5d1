import { z } from 'zod';
import { canonical } from '../../domain/kernel/digest.ts';

export const rulesMax = 200;
export const patternCharsMax = 300;
export const textCharsMax = 64_000;
export const chunksMax = 500;
export const chunkDelayMsMax = 60_000;
export const replyMsMax = 300_000;
export const toolCallsMax = 16;
/** A longer message is matched, and quoted, only up to here. */
export const matchedCharsMax = 8_000;

const phrase = z.string().min(1).max(patternCharsMax);

const pattern = phrase.transform((source, context) => {
  try {
    return new RegExp(source, 'ius');
  } catch (error) {
    context.addIssue({ code: 'custom', message: `not a regular expression: ${(error as Error).message}` });
    return z.NEVER;
  }
});

const conditions = z
  .strictObject({
    /** Any of these phrases, whatever their case. */
    contains: z.union([phrase, z.array(phrase).min(1).max(20)]).optional(),
    /** A regular expression, whatever its case; its captures are `{{1}}` to `{{9}}`. */
    matches: pattern.optional(),
    /** The agent's name, looked for in what stands above the talk. */
    agent: phrase.optional(),
    /** Counted from 1: how many messages of the user the request holds. */
    turn: z.int().min(1).max(10_000).optional(),
  })
  .refine((when) => Object.keys(when).length > 0, 'a rule needs a condition; what always holds belongs in otherwise');

const recordable = (value: unknown): boolean => {
  try {
    canonical(value);
    return true;
  } catch {
    return false;
  }
};

const toolCall = z
  .strictObject({ name: z.string().min(1).max(128), input: z.record(z.string(), z.json()) })
  .refine(({ input }) => recordable(input), 'the input of a tool call must be JSON that an event can hold');

const reply = z
  .strictObject({
    text: z.string().max(textCharsMax).default(''),
    /** In how many pieces the text is streamed, and how long each but the first is waited for. */
    chunks: z.int().min(1).max(chunksMax).default(1),
    chunk_delay_ms: z.int().min(0).max(chunkDelayMsMax).default(0),
    tool_use: z.array(toolCall).max(toolCallsMax).default([]),
  })
  .refine(({ text, tool_use }) => text !== '' || tool_use.length > 0, 'a reply needs a text or a tool call')
  .refine(
    ({ chunks, chunk_delay_ms }) => chunks * chunk_delay_ms <= replyMsMax,
    `a reply takes at most ${replyMsMax} ms`,
  );

const failure = z.strictObject({
  fault: z.enum(['disabled', 'misconfigured', 'provider_error', 'timeout', 'invalid_request']),
  message: z.string().min(1).max(500).default('the script says that this call fails'),
  retryable: z.boolean().optional(),
  retry_after_ms: z.int().min(0).max(3_600_000).optional(),
  /** How many times the same request fails before it is answered; left out, it always fails. */
  times: z.int().min(1).max(100).optional(),
});

const rule = z
  .strictObject({
    about: z.string().max(500).optional(),
    when: conditions,
    fail: failure.optional(),
    reply: reply.optional(),
  })
  .refine(({ fail, reply }) => fail !== undefined || reply !== undefined, 'a rule needs a reply or a failure')
  .refine(
    ({ fail, reply }) => reply !== undefined || fail?.times === undefined,
    'a failure that ends after some times needs a reply for afterwards',
  );

/**
 * A script: rules in order, the first that holds answers, `otherwise` answers the rest. Unknown members are refused, so
 * that a misspelt one is not silently without effect.
 */
export const scriptSchema = z.strictObject({
  about: z.string().max(2_000).optional(),
  rules: z.array(rule).max(rulesMax),
  otherwise: reply,
});

export type Script = z.infer<typeof scriptSchema>;
export type ScriptedReply = z.infer<typeof reply>;
export type ScriptedFailure = z.infer<typeof failure>;

/** What a rule looks at. */
export interface Prompt {
  readonly system: string;
  /** The last message of the user. */
  readonly message: string;
  readonly turn: number;
}

/** What is to be answered: the rule's place (-1 for `otherwise`), its failure, its reply, and the captures. */
export interface Match {
  readonly rule: number;
  readonly fail: ScriptedFailure | undefined;
  readonly reply: ScriptedReply | undefined;
  readonly captures: readonly string[];
}

const capturesOf = (when: Script['rules'][number]['when'], prompt: Prompt): readonly string[] | undefined => {
  const { contains, matches, agent, turn } = when;
  const message = prompt.message.slice(0, matchedCharsMax);
  const includes = (text: string, part: string): boolean => text.toLowerCase().includes(part.toLowerCase());
  if (turn !== undefined && turn !== prompt.turn) return undefined;
  if (agent !== undefined && !includes(prompt.system, agent)) return undefined;
  if (contains !== undefined && ![contains].flat().some((part) => includes(message, part))) return undefined;
  if (matches === undefined) return [];
  const found = matches.exec(message);
  return found === null ? undefined : found.slice(1).map((group: string | undefined) => group ?? '');
};

/** The first rule whose conditions all hold, else `otherwise`. Pure. */
export const matched = ({ rules, otherwise }: Script, prompt: Prompt): Match => {
  for (const [place, { when, fail, reply }] of rules.entries()) {
    const captures = capturesOf(when, prompt);
    if (captures !== undefined) return { rule: place, fail, reply, captures };
  }
  return { rule: -1, fail: undefined, reply: otherwise, captures: [] };
};

/** The first so many characters, never half of one. */
export const head = (text: string, charsMax: number): string => text.slice(0, charsMax).toWellFormed();

/** Fills `{{1}}`…`{{9}}`, `{{turn}}` and `{{message}}`; a capture that took no part is empty. */
export const filled = (template: string, { message, turn }: Prompt, captures: readonly string[]): string => {
  const whole = template.replace(/\{\{([1-9]|turn|message)\}\}/g, (_, slot: string) => {
    if (slot === 'turn') return String(turn);
    return slot === 'message' ? message.slice(0, matchedCharsMax) : (captures[Number(slot) - 1] ?? '');
  });
  return head(whole, textCharsMax);
};
