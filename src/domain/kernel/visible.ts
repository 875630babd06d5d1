import type { z } from 'zod';

/** Letters, numbers, punctuation and signs can be seen; blanks, control characters and marks without a letter cannot. */
const seen = /[\p{L}\p{N}\p{P}\p{S}]/u;

/**
 * A text that a caller says, without the blanks around it, and with something in it that can be seen. For inputs only: what is
 * on the record is read as it is.
 */
export const visible = (text: z.ZodString): z.ZodString =>
  text
    .trim()
    .refine((trimmed) => seen.test(trimmed), { message: 'say something: this holds nothing that can be seen' });
