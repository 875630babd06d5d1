import { z } from 'zod';

/** One variable of the environment: all that is said of it, for the parser, `acta doctor` and `.env.example`. */
export interface Setting<Value = unknown> {
  /** What it decides, for a person. */
  readonly says: string;
  /** What a right value is: the second half of an error message. */
  readonly right: string;
  /** As it would be written; left out where nothing is assumed. */
  readonly preset?: string;
  /** Never shown, not even in part. */
  readonly secret?: true;
  /** From the text of the variable; undefined where it is unset and has no preset. */
  readonly schema: z.ZodType<Value>;
}

export const setting = <Value>(definition: Setting<Value>): Setting<Value> => Object.freeze(definition);

export const url = (...protocols: readonly string[]): z.ZodType<string> =>
  z.string().refine((text) => URL.canParse(text) && protocols.includes(new URL(text).protocol.slice(0, -1)));

export const httpUrl = url('http', 'https');

/** What stands between commas, without blanks around it and without blanks alone. */
export const list = (text: string): readonly string[] =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');

export const hosts = z
  .string()
  .transform(list)
  .pipe(z.array(z.string().regex(/^[A-Za-z0-9.:[\]/-]{1,253}$/)).max(100))
  .optional();
