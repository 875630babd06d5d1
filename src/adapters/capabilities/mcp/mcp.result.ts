import { z } from 'zod';
import { ErrorCode, McpError } from '@modelcontextprotocol/sdk/types.js';
import type { Answer } from '../define.ts';
import { failure, inWords, type Failure } from '../failure.ts';
import { blocksMax, resultCharsMax } from './limits.ts';

/** What a tool answered: its texts, what else there was by kind and size, and JSON where the tool gives it. */
export const ToolResult = z.strictObject({
  text: z.string(),
  others: z.array(z.strictObject({ type: z.string(), chars: z.int() })),
  structured: z.json().optional(),
});

const Told = z.object({
  content: z
    .array(z.looseObject({ type: z.string().max(50) }))
    .max(blocksMax)
    .default([]),
  structuredContent: z.json().optional(),
  isError: z.boolean().optional(),
});

const unknown = { happened: 'unknown', retryable: false } as const;

/** Reads what a tool answered; whatever is wrong with it is wrong after the tool did its work. */
export const resultOf = (told: unknown): Answer<z.input<typeof ToolResult>, never> => {
  const read = Told.safeParse(told);
  if (!read.success) return failure('third_party', 'the tool did not answer as the protocol says', unknown);
  const { content, structuredContent, isError } = read.data;
  const text = content
    .flatMap((block) => (typeof block.text === 'string' ? [block.text] : []))
    .join('\n')
    .toWellFormed();
  if (isError === true) return failure('failed', `the tool says it failed: ${text.slice(0, 300)}`, unknown);
  const others = content
    .filter((block) => typeof block.text !== 'string')
    .map((block) => ({ type: block.type, chars: JSON.stringify(block).length }));
  const result = { text, others, ...(structuredContent === undefined ? {} : { structured: structuredContent }) };
  if (JSON.stringify(result).length > resultCharsMax)
    return failure('limit_exceeded', `the tool answered more than ${resultCharsMax} characters`, unknown);
  return { ok: true, result };
};

/** What was thrown after the call went out: nobody knows what the tool did. */
export const brokenOff = (thrown: unknown): Failure => {
  if (thrown instanceof McpError && thrown.code === (ErrorCode.RequestTimeout as number))
    return failure('timeout', 'the tool did not answer in time', unknown);
  if (thrown instanceof McpError && thrown.code === (ErrorCode.InvalidParams as number))
    return failure('invalid_arguments', inWords(thrown), unknown);
  return failure('third_party', inWords(thrown), unknown);
};
