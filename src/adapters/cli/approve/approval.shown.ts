import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import type { Answered, Client } from '../connection/client.ts';
import { Failure, exits, understood } from '../exits.ts';

const texts = z.array(z.string()).catch([]);
const Args = z.record(z.string(), z.json());

/** A request as the server shows it, as far as it is needed to decide; members that another version adds are kept. */
export const Approval = z.looseObject({
  approval_id: z.string(),
  status: z.string(),
  capability_id: z.string().nullable(),
  headline: z.string(),
  risk_level: z.string(),
  action: z
    .looseObject({
      capability_version: z.string(),
      args: Args,
      preconditions: z.record(z.string(), z.json()),
    })
    .nullable(),
  action_digest: z.string(),
  verdict: z
    .looseObject({
      basis: z.string(),
      reason: z.string(),
      rule: z.looseObject({ rule_id: z.string() }).nullable(),
      matched: z.array(z.looseObject({ fact: z.string(), value: z.string(), wanted: z.string() })),
      would_allow: z.array(z.string()),
      policy: z.looseObject({ name: z.string(), version: z.number() }),
    })
    .nullable(),
  terms: z.looseObject({ roles: texts, reason_required: z.boolean() }),
  requested_by: z.looseObject({ type: z.string(), id: z.string(), chain: texts }),
  votes: z.array(z.looseObject({ by: z.string(), vote: z.string(), reason: z.string() })),
  agreed: z.number(),
  quorum: z.number(),
  expires_at: z.string(),
  ended_by: z.string().nullish().catch(null),
  reason: z.string().nullish().catch(null),
  revision: z.number(),
});
export type Approval = z.infer<typeof Approval>;

/** Whether what would run is still what was asked for. */
export const Recheck = z.looseObject({
  same: z.boolean(),
  differs: z.array(z.string()),
  preconditions: z.record(z.string(), z.json()),
});
export type Recheck = z.infer<typeof Recheck>;

export const Precedents = z.looseObject({
  days: z.number(),
  counts: z.record(z.string(), z.number()),
  /** The newest first. */
  data: z.array(z.looseObject({ status: z.string(), action: z.looseObject({ args: Args }).nullable() })).catch([]),
});
export type Precedents = z.infer<typeof Precedents>;

const Page = z.object({ data: z.array(Approval), page: z.looseObject({ next: z.string().nullable() }) });

const pageRows = 200;
/** More than a person decides about in a day. */
const openMax = 2_000;

const placeOf = (id: string): string => `/approvals/${encodeURIComponent(id)}`;

/** Every open request, soonest expiry first. */
export const openApprovals = async (client: Client): Promise<readonly Approval[]> => {
  const found: Approval[] = [];
  let cursor: string | null = null;
  do {
    const next: Record<string, string> = cursor === null ? {} : { cursor };
    const query = { status: 'open', limit: String(pageRows), ...next };
    const { body }: Answered = await client.ask({ method: 'GET', path: '/approvals', query });
    const { data, page } = understood(Page, body, 'a list of approvals');
    found.push(...data);
    cursor = page.next;
  } while (cursor !== null && found.length < openMax);
  return found.toSorted((a, b) => a.expires_at.localeCompare(b.expires_at) || (a.approval_id < b.approval_id ? -1 : 1));
};

export const approvalNow = async (client: Client, id: string): Promise<Approval> =>
  understood(Approval, (await client.ask({ method: 'GET', path: placeOf(id) })).body, 'an approval');

const freshPollMs = 100;
const freshPollsMax = 50;

/** The request once it is no longer as it was read; as it is, where nothing new becomes visible in five seconds. */
export const approvalAfter = async (client: Client, read: Approval, signal: AbortSignal): Promise<Approval> => {
  for (let poll = 1; ; poll += 1) {
    const now = await approvalNow(client, read.approval_id);
    if (now.revision > read.revision || poll >= freshPollsMax) return now;
    await pause(freshPollMs, undefined, { signal }).catch(() => undefined);
  }
};

/** What is good to know and not needed: undefined where it cannot be had now. */
const wherePossible = async <T>(asking: Promise<T>): Promise<T | undefined> => {
  try {
    return await asking;
  } catch (error) {
    if (error instanceof Failure && error.exit !== exits.interrupted) return undefined;
    throw error;
  }
};

export const recheckOf = (client: Client, id: string): Promise<Recheck | undefined> =>
  wherePossible(
    client
      .ask({ method: 'POST', path: `${placeOf(id)}/recheck`, body: {} })
      .then(({ body }) => understood(Recheck, body, 'a recheck')),
  );

export const precedentsOf = (client: Client, id: string): Promise<Precedents | undefined> =>
  wherePossible(
    client
      .ask({ method: 'GET', path: `${placeOf(id)}/precedents`, query: { limit: '1' } })
      .then(({ body }) => understood(Precedents, body, 'precedents')),
  );
