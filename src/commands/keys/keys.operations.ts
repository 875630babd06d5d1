import * as E from 'fp-ts/lib/Either.js';
import { z } from 'zod';
import { idInput } from '../../domain/kernel/id.input.ts';
import { derived, streamOf } from '../../domain/kernel/ids.ts';
import { sha256 } from '../../domain/kernel/digest.ts';
import { isProblem, type Problem } from '../../domain/kernel/operation.ts';
import { tenantOf } from '../../domain/kernel/tenant.ts';
import { beyond, key, type KeyState } from '../../domain/key/key.decider.ts';
import { problem } from '../../problems.ts';
import { ask, command, type CommandContext } from '../context.ts';
import type { Receipt } from '../execute.ts';
import { recall } from '../recall.ts';
import { problemOf } from '../refusals.ts';
import { scopes, tokenOf } from './token.ts';

const tag = 'keys';
const scope = 'keys:admin';
const key_id = idInput('key');
const exampleId = '0198d7a0-0000-7000-8000-000000000003';
/** After a rotation the old secret opens for so long, unless another time is asked for. */
const overlapSecondsDefault = 3_600;
const overlapSecondsMax = 7 * 24 * 3_600;

const KeySecret = z.object({
  key_id: z.uuid(),
  /** Shown once. */
  secret: z.string(),
  expires_at: z.iso.datetime().nullable(),
});

const expires_at = z.iso.datetime().nullable();

const past = (instant: string | null, now: number) =>
  instant !== null && Date.parse(instant) <= now
    ? problem('validation_failed', 'expires_at is in the past', {
        more: { errors: [{ pointer: '#/expires_at', message: 'is in the past' }] },
      })
    : undefined;

interface Powers {
  readonly scopes: readonly string[];
  readonly roles?: readonly string[];
}

const tooMuch = (asked: Powers, held: Powers): Problem | undefined => {
  const scopes = beyond(asked.scopes, held.scopes);
  const roles = beyond(asked.roles ?? [], held.roles ?? []);
  return scopes.length + roles.length === 0
    ? undefined
    : problem('insufficient_scope', 'nobody gives what they do not have', { more: { scopes, roles } });
};

/**
 * The secret that was recorded, or that it is gone. A request that is sent again finds the hash of a secret that only its
 * first answer showed; one whose append was not heard of finds its own.
 */
const shown = (id: string, secret: string, { again, events }: Receipt<KeyState>): string | Problem => {
  const own = { secret_hash: sha256(secret) };
  const recorded = events.some(({ data }) => (data as Partial<typeof own>).secret_hash === own.secret_hash);
  if (!again || recorded) return tokenOf(id, secret);
  const detail = 'this was done before, and the secret was in that answer only: rotate the key for another one';
  const links = [
    { rel: 'result', href: `/keys/${id}` },
    { rel: 'rotate', href: `/keys/${id}/rotate` },
  ];
  return problem('already_exists', detail, { more: { key_id: id, links } });
};

/** A key as it is now; of another tenant, as if there were none. Its scopes never change: what they do not cover, they never will. */
const keyNow = async ({ engine }: CommandContext, id: string, tenant: string): Promise<KeyState | Problem> => {
  const { log, catalogue, remembered } = engine;
  const found = await recall(log, catalogue, remembered, key, streamOf('key', id));
  if (E.isLeft(found)) return problemOf(found.left);
  const { last, state } = found.right;
  return last !== undefined && tenantOf(last) !== tenant ? key.initial : state;
};

export const issueKey = command({
  name: 'issue_key',
  kind: 'command',
  summary: 'Issue an API key; its secret is shown this once',
  scope,
  input: z.strictObject({
    name: z.string().min(1).max(200),
    scopes: z.array(z.enum(scopes)).min(1).max(100),
    /** What policies and approvals know its holder by, such as `ops`. */
    roles: z.array(z.string().min(1).max(100)).max(50).default([]),
    expires_at: expires_at.default(null),
  }),
  output: KeySecret,
  http: { method: 'POST', path: '/keys', tag },
  cli: 'keys create',
  sensitive: true,
  problems: ['insufficient_scope', 'already_exists'],
  examples: [
    {
      title: 'A key that may look',
      input: { name: 'dashboard', scopes: ['agents:read', 'sessions:read'], roles: [], expires_at: null },
    },
  ],
  run: async (context, input, call) => {
    const refused = tooMuch(input, call.principal) ?? past(input.expires_at, context.engine.clock.now());
    if (refused !== undefined) return refused;
    const id = derived('key', call.command_id);
    const secret = context.secret();
    const asked = { type: 'IssueKey', key_id: id, ...input, secret_hash: sha256(secret) } as const;
    const outcome = await ask(context, call, key, streamOf('key', id), asked);
    if (E.isLeft(outcome)) return outcome.left;
    const { position, revision } = outcome.right;
    const told = shown(id, secret, outcome.right);
    if (typeof told !== 'string') return told;
    const output = { key_id: id, secret: told, expires_at: input.expires_at };
    return { output, status: 201, location: `/keys/${id}`, position, revision };
  },
});

export const rotateKey = command({
  name: 'rotate_key',
  kind: 'command',
  summary: 'Give a key a new secret; the old one opens a little longer',
  description: 'An `expires_at` that is left out stays as it is; null means that the key does not expire.',
  scope,
  input: z.strictObject({
    key_id,
    overlap_seconds: z.int().min(0).max(overlapSecondsMax).default(overlapSecondsDefault),
    expires_at: expires_at.optional(),
  }),
  output: KeySecret,
  http: { method: 'POST', path: '/keys/{key_id}/rotate', tag },
  cli: 'keys rotate',
  sensitive: true,
  problems: ['insufficient_scope', 'already_exists', 'invalid_transition', 'not_found', 'revision_conflict'],
  examples: [{ title: 'With an hour of overlap', input: { key_id: exampleId, overlap_seconds: 3_600 } }],
  run: async (context, { key_id: id, overlap_seconds, expires_at: until }, call) => {
    const known = await keyNow(context, id, call.principal.tenant);
    if (isProblem(known)) return known;
    const now = context.engine.clock.now();
    const refused = tooMuch(known, call.principal) ?? past(until === undefined ? known.expires_at : until, now);
    if (refused !== undefined) return refused;
    const secret = context.secret();
    const previous_until = new Date(now + overlap_seconds * 1_000).toISOString();
    const asked = { type: 'RotateKey', secret_hash: sha256(secret), previous_until, expires_at: until } as const;
    const outcome = await ask(context, call, key, streamOf('key', id), asked, { guarded: true });
    if (E.isLeft(outcome)) return outcome.left;
    const { state, position, revision } = outcome.right;
    const told = shown(id, secret, outcome.right);
    if (typeof told !== 'string') return told;
    return { output: { key_id: id, secret: told, expires_at: state.expires_at }, position, revision };
  },
});

export const revokeKey = command({
  name: 'revoke_key',
  kind: 'command',
  summary: 'Revoke a key: it opens nothing any more',
  scope,
  input: z.strictObject({ key_id, reason: z.string().max(2_000).default('') }),
  output: z.object({ key_id: z.uuid(), status: z.literal('revoked') }),
  http: { method: 'DELETE', path: '/keys/{key_id}', tag },
  cli: 'keys revoke',
  problems: ['not_found', 'revision_conflict'],
  examples: [{ title: 'It leaked', input: { key_id: exampleId, reason: 'leaked' } }],
  run: async (context, { key_id: id, reason }, call) => {
    const outcome = await ask(context, call, key, streamOf('key', id), { type: 'RevokeKey', reason } as const, {
      guarded: true,
    });
    if (E.isLeft(outcome)) return outcome.left;
    const { position, revision } = outcome.right;
    return { output: { key_id: id, status: 'revoked' as const }, position, revision };
  },
});

export const keyOperations = [issueKey, rotateKey, revokeKey] as const;
