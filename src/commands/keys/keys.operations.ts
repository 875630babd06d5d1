import * as E from 'fp-ts/lib/Either.js';
import { z } from 'zod';
import { idInput } from '../../domain/kernel/id.input.ts';
import { derived, streamOf } from '../../domain/kernel/ids.ts';
import { sha256 } from '../../domain/kernel/digest.ts';
import { key } from '../../domain/key/key.decider.ts';
import { problem } from '../../problems.ts';
import { ask, command } from '../context.ts';
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
  /** Shown once; null when this very request was answered before. */
  secret: z.string().nullable(),
  expires_at: z.iso.datetime().nullable(),
});

const expires_at = z.iso.datetime().nullable().default(null);

const past = (instant: string | null, now: number) =>
  instant !== null && Date.parse(instant) <= now
    ? problem('validation_failed', 'expires_at is in the past', {
        more: { errors: [{ pointer: '#/expires_at', message: 'is in the past' }] },
      })
    : undefined;

export const issueKey = command({
  name: 'issue_key',
  kind: 'command',
  summary: 'Issue an API key; its secret is shown this once',
  scope,
  input: z.strictObject({
    name: z.string().min(1).max(200),
    scopes: z.array(z.enum(scopes)).min(1).max(100),
    expires_at,
  }),
  output: KeySecret,
  http: { method: 'POST', path: '/keys', tag },
  cli: 'keys create',
  sensitive: true,
  problems: ['insufficient_scope'],
  examples: [
    {
      title: 'A key that may look',
      input: { name: 'dashboard', scopes: ['agents:read', 'sessions:read'], expires_at: null },
    },
  ],
  run: async (context, input, call) => {
    const beyond = input.scopes.filter((each) => !call.principal.scopes.includes(each));
    if (beyond.length > 0)
      return problem('insufficient_scope', 'nobody gives what they do not have', { more: { scopes: beyond } });
    const invalid = past(input.expires_at, context.engine.clock.now());
    if (invalid !== undefined) return invalid;
    const id = derived('key', call.command_id);
    const secret = context.secret();
    const asked = { type: 'IssueKey', key_id: id, ...input, secret_hash: sha256(secret) } as const;
    const outcome = await ask(context, call, key, streamOf('key', id), asked);
    if (E.isLeft(outcome)) return outcome.left;
    const { again, position, revision } = outcome.right;
    const output = { key_id: id, secret: again ? null : tokenOf(id, secret), expires_at: input.expires_at };
    return { output, status: 201, location: `/keys/${id}`, position, revision };
  },
});

export const rotateKey = command({
  name: 'rotate_key',
  kind: 'command',
  summary: 'Give a key a new secret; the old one opens a little longer',
  scope,
  input: z.strictObject({
    key_id,
    overlap_seconds: z.int().min(0).max(overlapSecondsMax).default(overlapSecondsDefault),
    expires_at,
  }),
  output: KeySecret,
  http: { method: 'POST', path: '/keys/{key_id}/rotate', tag },
  cli: 'keys rotate',
  sensitive: true,
  problems: ['invalid_transition', 'not_found', 'revision_conflict'],
  examples: [
    { title: 'With an hour of overlap', input: { key_id: exampleId, overlap_seconds: 3_600, expires_at: null } },
  ],
  run: async (context, { key_id: id, overlap_seconds, expires_at: until }, call) => {
    const now = context.engine.clock.now();
    const invalid = past(until, now);
    if (invalid !== undefined) return invalid;
    const secret = context.secret();
    const previous_until = new Date(now + overlap_seconds * 1_000).toISOString();
    const asked = { type: 'RotateKey', secret_hash: sha256(secret), previous_until, expires_at: until } as const;
    const outcome = await ask(context, call, key, streamOf('key', id), asked, { guarded: true });
    if (E.isLeft(outcome)) return outcome.left;
    const { again, position, revision } = outcome.right;
    return {
      output: { key_id: id, secret: again ? null : tokenOf(id, secret), expires_at: until },
      position,
      revision,
    };
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
