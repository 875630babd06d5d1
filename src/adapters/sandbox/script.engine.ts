import { z } from 'zod';
import { messageCharsMax } from './limits.ts';

/** What is asked of an engine. `input` is JSON text. */
export const Asked = z.strictObject({
  code: z.string(),
  input: z.string(),
  timeout_ms: z.int().positive(),
  memory_bytes: z.int().positive(),
});
export type Asked = z.infer<typeof Asked>;

/** What an engine says: JSON text, or why there is none. `spent` where the process should serve nobody after this. */
export const Told = z.discriminatedUnion('ok', [
  z.strictObject({ ok: z.literal(true), json: z.string() }),
  z.strictObject({
    ok: z.literal(false),
    fault: z.enum(['timeout', 'memory', 'failed', 'too_large']),
    message: z.string(),
    spent: z.boolean().optional(),
  }),
]);
export type Told = z.infer<typeof Told>;

export interface ScriptEngine {
  readonly name: string;
  /** Runs one script in a world of its own, which is gone afterwards. Never throws. */
  readonly run: (asked: Asked) => Promise<Told>;
}

export const engineNames = ['isolated-vm', 'quickjs'] as const;
export type EngineName = (typeof engineNames)[number];

/**
 * The program around a script: a function of the input's JSON text that promises the result's. The script is the body of
 * an async function and may close it early; it gains nothing by that, for outside is only the same empty world. What
 * reaches memory that no limit counts, or stops the thread, is taken away first.
 */
export const programOf = (code: string): string => `(async (given) => {
  for (const name of ['WebAssembly', 'SharedArrayBuffer', 'Atomics']) delete globalThis[name];
  const { parse, stringify } = JSON;
  const value = await (async (input) => { 'use strict';
${code}
})(parse(given));
  return stringify(value) ?? 'null';
})`;

/** What a script threw, in one line of bounded length. */
export const inWords = (thrown: unknown): string => {
  const { name, message } = (thrown ?? {}) as { readonly name?: unknown; readonly message?: unknown };
  const said =
    typeof message === 'string' ? `${typeof name === 'string' ? name : 'Error'}: ${message}` : 'something was thrown';
  return said
    .replaceAll(/\p{Cc}+/gu, ' ')
    .slice(0, messageCharsMax)
    .toWellFormed();
};

export const timedOut = (asked: Asked): Told => ({
  ok: false,
  fault: 'timeout',
  message: `the script took longer than ${asked.timeout_ms} ms`,
});
export const outOfMemory = (asked: Asked): Told => ({
  ok: false,
  fault: 'memory',
  message: `the script needed more than ${asked.memory_bytes} bytes`,
});
export const threw = (thrown: unknown): Told => ({ ok: false, fault: 'failed', message: inWords(thrown) });
