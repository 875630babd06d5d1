import type { ServerResponse } from 'node:http';
import { expect, vi } from 'vitest';
import { json, problem, type Act, type Answer, type Asked } from './stage.ts';

/** When the tests of the inbox take place. */
export const now = new Date('2026-11-21T12:00:00.000Z');
export const digest = `sha256:${'7d'.repeat(32)}`;
export const approval_id = '0198d7a0-0000-7000-8000-000000000014';

interface Made {
  readonly id?: string;
  readonly args?: object;
  readonly [member: string]: unknown;
}

/** A request for a refund, as the server shows it. */
export const request = ({ id = approval_id, args, ...more }: Made = {}) => ({
  approval_id: id,
  status: 'open',
  capability_id: 'payments.refund',
  headline: 'A tool call of a turn: payments.refund',
  risk_level: 'critical',
  action: {
    capability_id: 'payments.refund',
    capability_version: '1.0.0',
    args: args ?? { order_id: '4821', amount: 249, currency: 'EUR' },
    preconditions: { 'order.status': 'delivered' },
  },
  action_digest: digest,
  verdict: {
    basis: 'rule',
    reason: 'a refund of more than 100 needs somebody from ops to agree',
    rule: { rule_id: 'pay-003' },
    matched: [{ fact: 'capability', value: '"payments.refund"', wanted: '["payments.refund"]' }],
    would_allow: ['an approval by 1 of ops'],
    policy: { name: 'refund desk', version: 1 },
  },
  terms: { quorum: 1, roles: ['ops'], reason_required: true },
  requested_by: { type: 'agent', id: 'support-1', chain: ['agent:support-1', 'user:customer'] },
  votes: [] as object[],
  agreed: 0,
  quorum: 1,
  expires_at: '2026-11-21T12:41:30.000Z',
  ended_by: null as string | null,
  reason: null,
  revision: 3,
  ...more,
});
export type Request = ReturnType<typeof request>;

/** What was asked for the last time. */
const last = { ...request({ args: { order_id: '4821', amount: 90, currency: 'EUR' } }), status: 'granted' };

type Decided = (asked: Asked, response: ServerResponse) => void;

const granted: Decided = (_, response) =>
  json(response, { status: 'granted', agreed: 1, quorum: 1, grant_id: null }, 200, { 'Acta-Position': '97' });

/** A server with an inbox: what is open, what each request has become, and what it says to a decision. */
export const inbox =
  (
    open: readonly Request[],
    {
      decided = granted,
      later = {},
      differs = [],
    }: {
      readonly decided?: Decided;
      readonly later?: Readonly<Record<string, Request>>;
      readonly differs?: readonly string[];
    } = {},
  ): Answer =>
  (asked, response) => {
    const [, , id = '', part] = asked.path.split('/');
    const preconditions = { 'order.status': differs.length > 0 ? 'returned' : 'delivered' };
    if (id === '') json(response, { data: open, page: { next: null, limit: 200 } });
    else if (part === 'recheck') json(response, { same: differs.length === 0, differs, preconditions });
    else if (part === 'precedents') json(response, { days: 90, counts: { granted: 11, denied: 1 }, data: [last] });
    else if (part === 'decision') decided(asked, response);
    else if (later[id] !== undefined) json(response, later[id]);
    else problem(response, 404, 'not_found');
  };

/** What is asked last about a request. */
export const choice = '[q]uit >';

/** Answers each question once it is asked; the same question asked again is another question. */
export const conversation = (act: Act): ((question: string, reply: string) => Promise<void>) => {
  let read = 0;
  return async (question, reply) => {
    await vi.waitFor(() => expect(act.err().slice(read)).toContain(question), { timeout: 5_000 });
    read = act.err().length;
    act.stdin.write(`${reply}\r`);
  };
};
