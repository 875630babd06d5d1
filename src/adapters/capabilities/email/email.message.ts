import { createHash } from 'node:crypto';
import { z } from 'zod';
import { sha256 } from '../../../domain/kernel/digest.ts';

const subjectCharsMax = 500;
const bodyCharsMax = 100_000;
const recipientsMax = 50;
const addressCharsMax = 254;
const tagsMax = 20;

/** One plain address, without a name and without what a header could be made of (assurance S63's like for mail). */
export const Address = z
  .string()
  .max(addressCharsMax)
  .regex(
    /^[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[a-z0-9](?:[a-z0-9-]{0,62})(?:\.[a-z0-9](?:[a-z0-9-]{0,62}))*$/i,
    'an address',
  );
const addresses = z.array(Address).max(recipientsMax);
const oneLine = (max: number) =>
  z
    .string()
    .max(max)
    .regex(/^[^\p{Cc}]*$/u, 'one line without control characters');

/** Requirements A43. */
export const Email = z
  .strictObject({
    to: addresses.min(1),
    subject: oneLine(subjectCharsMax),
    body: z.string().max(bodyCharsMax),
    cc: addresses.optional(),
    bcc: addresses.optional(),
    reply_to: Address.optional(),
    html: z.string().max(bodyCharsMax).optional(),
    tags: z
      .array(z.string().regex(/^[A-Za-z0-9_-]{1,50}$/, 'a word'))
      .max(tagsMax)
      .optional(),
  })
  .refine(
    ({ to, cc = [], bcc = [] }) => to.length + cc.length + bcc.length <= recipientsMax,
    `at most ${recipientsMax} recipients in all`,
  );
export type Email = z.output<typeof Email>;

/** The same call makes the same id, so that whoever receives it twice can know it for the same. */
export const messageIdOf = (key: string, from: string): string =>
  `<${sha256(key).slice(0, 40)}@${from.split('@')[1] ?? 'localhost'}>`;

/** The message as the library takes it. Files and URLs in it are never read: it is all text. */
export const messageOf = (email: Email, from: string, key: string) => ({
  from,
  to: email.to,
  subject: email.subject,
  text: email.body,
  messageId: messageIdOf(key, from),
  ...(email.cc === undefined ? {} : { cc: email.cc }),
  ...(email.bcc === undefined ? {} : { bcc: email.bcc }),
  ...(email.reply_to === undefined ? {} : { replyTo: email.reply_to }),
  ...(email.html === undefined ? {} : { html: email.html }),
  headers: {
    'X-Acta-Key': createHash('sha256').update(key).digest('hex'),
    ...(email.tags === undefined ? {} : { 'X-Tags': email.tags.join(', ') }),
  },
  disableFileAccess: true,
  disableUrlAccess: true,
});
