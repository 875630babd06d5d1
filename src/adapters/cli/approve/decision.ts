import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Answered } from '../connection/client.ts';
import { Failure, exits, understood } from '../exits.ts';
import { escaped } from '../terminal/visible.ts';
import { approvalAfter, type Approval } from './approval.shown.ts';
import { askUntil, type Desk } from './desk.ts';
import { exact } from './exact.ts';
import { grantAsked, type Grant } from './grant.asked.ts';

export type Vote = 'approve' | 'deny' | 'request_changes';

/** More than this of arguments is read page by page, and agreed to in typing (assurance S82). */
const argumentBytesMax = 4_096;
const reasonCharsMax = 2_000;

export interface Decision {
  readonly decision: Vote;
  readonly reason: string;
  readonly grant: Grant | null;
}

/** What came of a decision: it counts, the request is another now, or it was refused and still stands as it was read. */
export type Outcome =
  | { readonly kind: 'recorded' }
  | { readonly kind: 'changed'; readonly approval: Approval }
  | { readonly kind: 'refused' };

export const isLong = ({ action }: Approval): boolean =>
  Buffer.byteLength(JSON.stringify(action?.args ?? {})) > argumentBytesMax;

const isRisky = ({ risk_level }: Approval): boolean => risk_level !== 'low' && risk_level !== 'medium';

const reasonIn =
  (required: boolean) =>
  (answer: string): string | undefined =>
    (required && answer === '') || answer.length > reasonCharsMax ? undefined : answer;

/** The text that has to be typed to agree to what is risky: the amount, or the last word of the capability. */
const wordFor = ({ action, capability_id }: Approval): string => {
  const amount = action?.args['amount'];
  if (typeof amount === 'number') return exact(amount);
  if (typeof amount === 'string' && /^\d+(?:\.\d+)?$/.test(amount)) return amount;
  return capability_id?.split('.').at(-1) ?? 'agree';
};

/** 249.00 is 249: an amount is the same amount however it is written. */
const isWord = (typed: string, word: string): boolean =>
  typed === word || (/^\d+(?:\.\d+)?$/.test(typed) && /^\d/.test(word) && Number(typed) === Number(word));

/** Asks all that belongs to a decision; null where somebody thinks better of it. */
export const decisionAsked = async (
  approval: Approval,
  { vote, granting }: { readonly vote: Vote; readonly granting: boolean },
  desk: Desk,
): Promise<Decision | null> => {
  // Who is asked for changes has to be told which.
  const required = approval.terms.reason_required || vote === 'request_changes';
  const question = vote === 'request_changes' ? 'What should change: ' : `Reason${required ? '' : ' (optional)'}: `;
  const reason = await askUntil(desk, question, reasonIn(required), `1 to ${reasonCharsMax} characters`);
  if (reason === null) return null;
  const grant = granting ? await grantAsked(approval, desk) : null;
  if (granting && grant === null) return null;
  if (vote === 'approve' && (isRisky(approval) || isLong(approval))) {
    const word = wordFor(approval);
    const typed = await desk.ask(`Type ${escaped(word)} to confirm: `);
    if (!isWord(typed?.trim() ?? '', word)) return null;
  }
  return { decision: vote, reason, grant };
};

const Decided = z.looseObject({
  status: z.string(),
  agreed: z.number(),
  quorum: z.number(),
  grant_id: z.string().nullish(),
});

const tell = ({ body, headers }: Answered, { terminal }: Desk): void => {
  const { status, agreed, quorum, grant_id } = understood(Decided, body, 'a decision');
  const position = headers.get('Acta-Position');
  const at = position === null ? '' : ` at position ${position}`;
  const ending = status === 'open' ? `${agreed} of ${quorum} agreed; it waits for more` : escaped(status);
  const granted = grant_id === null || grant_id === undefined ? '' : `, grant ${escaped(grant_id)}`;
  terminal.warn(terminal.tint('green', `Recorded${at}: ${ending}${granted}`));
};

/**
 * Sends a decision about exactly what was read: its digest, at its revision. Throws a Failure where it is not known whether
 * it was recorded.
 */
export const decide = async (read: Approval, { decision, reason, grant }: Decision, desk: Desk): Promise<Outcome> => {
  const { approval_id, action_digest, revision } = read;
  const { client, terminal, left } = desk;
  try {
    const answered = await client.ask({
      method: 'POST',
      path: `/approvals/${encodeURIComponent(approval_id)}/decision`,
      headers: { 'If-Match': `"${revision}"`, 'Idempotency-Key': randomUUID() },
      body: { decision, reason, action_digest, ...(grant === null ? {} : { grant }) },
    });
    tell(answered, desk);
    return { kind: 'recorded' };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    if (error.document === undefined)
      throw new Failure(error.exit, `${error.message}; it may have been recorded`, {
        hint: `acta approvals show ${approval_id}`,
      });
    terminal.warn(`${terminal.tint('red', 'not recorded:')} ${escaped(error.message)}`);
    if (error.hint !== undefined) terminal.note(`  ${error.hint}`);
    if (error.exit !== exits.conflict) return { kind: 'refused' };
    return { kind: 'changed', approval: await approvalAfter(client, read, left) };
  }
};
