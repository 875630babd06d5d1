import type { Kysely } from 'kysely';
import { authenticate, type KnownKey } from '../commands/keys/token.ts';
import type { Principal, Problem } from '../domain/kernel/operation.ts';
import { problem } from '../problems.ts';
import type { ReadModels } from '../projections/queries.ts';

const keysMax = 1_000;

const instant = (text: string | null): number | null => (text === null ? null : Date.parse(text));

/**
 * Finds keys by their id, from the read model once and then from memory. `forget` is called whenever that read model moves, so
 * that a key that was revoked or rotated is looked up again. What this node has recorded of a key itself (`changed`) it does
 * not wait to be told: until the read model has come so far, the key opens nothing.
 */
export const keyring = (
  ask: <T>(question: (db: Kysely<ReadModels>) => Promise<T>) => Promise<T>,
  caughtUp: (position?: bigint) => Promise<boolean>,
) => {
  const known = new Map<string, KnownKey>();
  const changed = new Map<string, bigint>();
  const rowOf = (key_id: string) =>
    ask((db) => db.selectFrom('keys').selectAll().where('key_id', '=', key_id).executeTakeFirst());
  const find = async (key_id: string): Promise<KnownKey | undefined> => {
    const remembered = known.get(key_id);
    if (remembered !== undefined) return remembered;
    const since = changed.get(key_id);
    if (since !== undefined && !(await caughtUp(since))) return undefined;
    changed.delete(key_id);
    let row = await rowOf(key_id);
    if (row === undefined) {
      // It may have been issued a moment ago.
      await caughtUp();
      row = await rowOf(key_id);
    }
    if (row === undefined) return undefined;
    const key: KnownKey = {
      key_id: row.key_id,
      tenant: row.tenant,
      scopes: row.scopes,
      roles: row.roles,
      secret_hash: row.secret_hash,
      previous_hash: row.previous_hash,
      previous_until: instant(row.previous_until),
      expires_at: instant(row.expires_at),
      revoked: row.status === 'revoked',
    };
    if (known.size >= keysMax) known.clear();
    // What was read while the key changed is not remembered.
    if (!changed.has(key_id)) known.set(key_id, key);
    return key;
  };
  return {
    find,
    forget: (): void => known.clear(),
    /** This node has recorded something of a key, at this position. */
    changed: (key_id: string, position: bigint): void => {
      known.delete(key_id);
      if (changed.size >= keysMax) changed.clear();
      changed.set(key_id, position);
    },
  };
};

/** The door of a surface: who asks, or the one refusal that missing and wrong keys get alike. */
export const doorOf = (parts: Parameters<typeof authenticate>[0]) => {
  const known = authenticate(parts);
  return async (credential: string | undefined, from: { readonly loopback: boolean }): Promise<Principal | Problem> =>
    (await known(credential, from)) ?? problem('unauthenticated', 'a valid key is required');
};

const loopbackHosts = /^(?:localhost|127(?:\.\d{1,3}){3}|::1)$/;

export const isLoopbackHost = (host: string): boolean => loopbackHosts.test(host);

/** An address that others can reach is not opened while there is no key at all. */
export const refuseOpenDoor = async (
  { host }: { readonly host: string },
  bootstrapped: boolean,
  anyKey: () => Promise<unknown>,
): Promise<void> => {
  if (bootstrapped || isLoopbackHost(host)) return;
  if ((await anyKey()) === undefined)
    throw new Error(`${host} can be reached by others, and there is no key: set AOS_API_KEY, or listen on 127.0.0.1`);
};
