import { z } from 'zod';
import { event, type Occurrence } from '../kernel/event.ts';

const id = z.uuid();
/** Lower-case hexadecimal SHA-256 of the secret. The secret has 256 random bits, so a plain hash cannot be guessed back. */
const secretHash = z.string().regex(/^[0-9a-f]{64}$/);
const instant = z.iso.datetime();

export const KeyIssued = event(
  'KeyIssued',
  z.object({
    key_id: id,
    name: z.string().min(1).max(200),
    scopes: z.array(z.string().min(1).max(100)).min(1).max(100),
    /** Keys issued before there were roles have none. */
    roles: z.array(z.string().min(1).max(100)).max(50).default([]),
    secret_hash: secretHash,
    expires_at: instant.nullable(),
  }),
);
export const KeyRotated = event(
  'KeyRotated',
  z.object({
    key_id: id,
    secret_hash: secretHash,
    /** Until then the secret before this one still opens. */
    previous_until: instant,
    expires_at: instant.nullable(),
  }),
);
export const KeyRevoked = event('KeyRevoked', z.object({ key_id: id, reason: z.string().max(2_000) }));

export const keyEvents = [KeyIssued, KeyRotated, KeyRevoked] as const;
export type KeyEvent = Occurrence<typeof keyEvents>;
