import { timingSafeEqual } from 'node:crypto';
import { sha256 } from '../../domain/kernel/digest.ts';
import { isUuid } from '../../domain/kernel/ids.ts';
import type { Principal } from '../../domain/kernel/operation.ts';

/** Everything a key can be allowed; each operation names the one it needs. */
export const scopes = [
  'agents:read',
  'agents:write',
  'sessions:read',
  'sessions:write',
  'capabilities:read',
  'capabilities:admin',
  'policies:read',
  'policies:write',
  'policies:admin',
  'directives:read',
  'directives:write',
  'approvals:read',
  'approvals:write',
  'runs:read',
  'runs:write',
  'budgets:read',
  'budgets:write',
  'decisions:read',
  'decisions:write',
  'memory:read',
  'memory:write',
  'events:read',
  'projections:read',
  'projections:admin',
  'keys:admin',
] as const;

const prefix = 'acta';

/** What a caller shows: `acta_<key id>_<secret>`. The id finds the key, the secret opens it. */
export const tokenOf = (key_id: string, secret: string): string => `${prefix}_${key_id.replaceAll('-', '')}_${secret}`;

const parts = /^acta_([0-9a-f]{32})_([A-Za-z0-9_-]{20,200})$/;

export const tokenParts = (token: string): { readonly key_id: string; readonly secret: string } | undefined => {
  const [, hex, secret] = parts.exec(token) ?? [];
  if (hex === undefined || secret === undefined) return undefined;
  const key_id = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  return isUuid(key_id) ? { key_id, secret } : undefined;
};

/** A key as the door knows it. Hashes are hexadecimal SHA-256, instants epoch milliseconds. */
export interface KnownKey {
  readonly key_id: string;
  readonly tenant: string;
  readonly scopes: readonly string[];
  readonly roles: readonly string[];
  readonly secret_hash: string;
  readonly previous_hash: string | null;
  readonly previous_until: number | null;
  readonly expires_at: number | null;
  readonly revoked: boolean;
}

/** Compares two hashes, hexadecimal and so of one length, in a time that tells nothing of them. */
const same = (a: string, b: string): boolean => timingSafeEqual(Buffer.from(a, 'hex'), Buffer.from(b, 'hex'));

/** Whether a secret opens a key now: neither revoked nor expired, and its newest secret, or the one before within its overlap. */
export const opens = (known: KnownKey, secret: string, now: number): boolean => {
  if (known.revoked || (known.expires_at !== null && known.expires_at <= now)) return false;
  const shown = sha256(secret);
  if (same(known.secret_hash, shown)) return true;
  const overlap = known.previous_until !== null && now < known.previous_until;
  return overlap && known.previous_hash !== null && same(known.previous_hash, shown);
};

const everything = { tenant: 'default', scopes: [...scopes], roles: ['*'] };

export interface Door {
  /** The bootstrap key of the environment, if there is one. */
  readonly bootstrap: string | undefined;
  /** Whether a caller from this machine needs no key. */
  readonly loopbackOpen: boolean;
  readonly find: (key_id: string) => Promise<KnownKey | undefined>;
  readonly now: () => number;
}

/**
 * Who stands behind a credential. Undefined for a missing, a wrong, an expired and a revoked one alike: the caller learns
 * nothing of which it was (amendment C36). With no keys at all, a caller on this machine is let in, and said to be that.
 */
export const authenticate = ({ bootstrap, loopbackOpen, find, now }: Door) => {
  const bootstrapHash = bootstrap === undefined ? undefined : sha256(bootstrap);
  return async (
    credential: string | undefined,
    from: { readonly loopback: boolean },
  ): Promise<Principal | undefined> => {
    if (credential === undefined)
      return loopbackOpen && from.loopback ? { actor: 'user:local', ...everything } : undefined;
    if (bootstrapHash !== undefined && same(bootstrapHash, sha256(credential)))
      return { actor: 'key:bootstrap', ...everything };
    const shown = tokenParts(credential);
    const known = shown === undefined ? undefined : await find(shown.key_id);
    if (shown === undefined || known === undefined || !opens(known, shown.secret, now())) return undefined;
    return { actor: `key:${known.key_id}`, tenant: known.tenant, scopes: known.scopes, roles: known.roles };
  };
};
