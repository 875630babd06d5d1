import { createHmac } from 'node:crypto';
import { guardedFetch } from '../../adapters/capabilities/net/guarded.fetch.ts';
import type { Announce } from '../../commands/approvals/perform-approval.ts';
import type { Config } from '../../config.ts';
import type { AnnounceEffect } from '../../domain/approval/approval.process.ts';
import type { Clock } from '../../ports.ts';

const okMin = 200;
const okMax = 299;

/** The bytes of a secret as Standard Webhooks writes it: base64 after `whsec_`; any other text is its own bytes. */
const secretBytes = (secret: string): Buffer =>
  secret.startsWith('whsec_') ? Buffer.from(secret.slice('whsec_'.length), 'base64') : Buffer.from(secret);

/** `v1,` and the HMAC-SHA256 of `id.timestamp.body` in base64 (Standard Webhooks 1.0). */
export const signed = (secret: string, id: string, timestamp: string, body: string): string =>
  `v1,${createHmac('sha256', secretBytes(secret)).update(`${id}.${timestamp}.${body}`).digest('base64')}`;

/** What is said of a request: what would run and why it stopped, where to decide, and nothing that is only for those who may (W53). */
const messageOf = ({ approval_id, paper }: AnnounceEffect, tenant: string) => ({
  type: 'approval.requested',
  timestamp: paper.requested_at,
  tenant,
  data: {
    approval_id,
    ...paper.subject,
    capability_id: paper.action?.capability_id ?? null,
    headline: paper.headline,
    risk_level: paper.risk_level,
    action_digest: paper.action_digest,
    reason: paper.verdict?.reason ?? null,
    quorum: paper.terms.quorum,
    roles: paper.terms.roles,
    requested_at: paper.requested_at,
    expires_at: paper.expires_at,
    actions: { read: `/approvals/${approval_id}`, decide: `/approvals/${approval_id}/decision` },
  },
});

/** Tells the address that is configured; where none is, nobody is told, and that is no failure. */
export const webhook = (
  { gate }: Pick<Config, 'gate'>,
  clock: Clock,
): { readonly announce: Announce; readonly close: () => Promise<void> } => {
  const { webhook: target, http_allow } = gate;
  if (target === undefined) return { announce: () => Promise.resolve(undefined), close: () => Promise.resolve() };
  const http = guardedFetch({ allow: http_allow });
  const announce: Announce = async (effect, tenant, signal) => {
    const body = JSON.stringify(messageOf(effect, tenant));
    const timestamp = String(Math.floor(clock.now() / 1_000));
    const signature =
      target.secret === undefined
        ? {}
        : { 'webhook-signature': signed(target.secret, effect.approval_id, timestamp, body) };
    const headers = {
      'content-type': 'application/json',
      'webhook-id': effect.approval_id,
      'webhook-timestamp': timestamp,
      ...signature,
    };
    const answer = await http.fetch({ url: target.url, method: 'POST', headers, body, signal });
    if (!answer.ok)
      return {
        code: answer.fault,
        message: answer.message,
        retryable: answer.fault !== 'denied' && answer.fault !== 'invalid',
      };
    if (answer.status >= okMin && answer.status <= okMax) return undefined;
    return { code: 'third_party', message: `it answered ${answer.status}`, retryable: true };
  };
  return { announce, close: http.close };
};
