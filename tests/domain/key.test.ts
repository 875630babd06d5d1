import { describe, expect, it } from 'vitest';
import { beyond, key } from '../../src/domain/key/key.decider.ts';
import { KeyIssued, KeyRevoked, KeyRotated } from '../../src/domain/key/key.events.ts';
import { specification } from '../support/specification.ts';

const key_id = '9d3c1f52-7a80-5c4e-a7b3-5e2f60b8d933';
const issued = {
  key_id,
  name: 'dashboard',
  scopes: ['agents:read'],
  roles: ['ops'],
  secret_hash: 'a'.repeat(64),
  expires_at: null,
};
const rotated = { secret_hash: 'b'.repeat(64), previous_until: '2026-11-21T13:00:00.000Z', expires_at: null };
const issue = { type: 'IssueKey', ...issued } as const;
const rotate = { type: 'RotateKey', ...rotated } as const;
const revoke = { type: 'RevokeKey', reason: 'leaked' } as const;
const revoked = KeyRevoked({ key_id, reason: 'leaked' });
const { given } = specification(key);

describe('a key', () => {
  it('is issued once', () => {
    given().when(issue).records(KeyIssued(issued));
    given(KeyIssued(issued))
      .when(issue)
      .refuses({ reason: 'OutOfLifecycle', phase: 'issued', step: 'KeyIssued', allowed: ['KeyRotated', 'KeyRevoked'] });
  });
  it('that nobody issued is unknown', () => {
    given().when(rotate).refuses({ reason: 'KeyUnknown' });
    given().when(revoke).refuses({ reason: 'KeyUnknown' });
  });
  it('is rotated as often as asked', () => {
    given(KeyIssued(issued))
      .when(rotate)
      .records(KeyRotated({ key_id, ...rotated }));
    given(KeyIssued(issued), KeyRotated({ key_id, ...rotated }))
      .when(rotate)
      .records(KeyRotated({ key_id, ...rotated }));
  });
  it('keeps its expiry when it is rotated, unless another one is said', () => {
    const [soon, later] = ['2026-11-22T12:00:00.000Z', '2026-12-22T12:00:00.000Z'];
    const { expires_at: _, ...silent } = rotate;
    const expiring = KeyIssued({ ...issued, expires_at: soon });
    given(expiring)
      .when(silent)
      .records(KeyRotated({ key_id, ...rotated, expires_at: soon }));
    given(expiring)
      .when({ ...silent, expires_at: null })
      .records(KeyRotated({ key_id, ...rotated, expires_at: null }));
    given(expiring, KeyRotated({ key_id, ...rotated, expires_at: later }))
      .when(silent)
      .records(KeyRotated({ key_id, ...rotated, expires_at: later }));
  });
  it('knows what it allows, so that nobody is given more than they have', () => {
    const { state } = given(KeyIssued(issued), KeyRotated({ key_id, ...rotated }));
    expect(beyond(state.scopes, ['keys:admin'])).toEqual(['agents:read']);
    expect(beyond(state.scopes, ['keys:admin', 'agents:read'])).toEqual([]);
  });
  it('is revoked once, and opens nothing any more', () => {
    given(KeyIssued(issued)).when(revoke).records(revoked);
    given(KeyIssued(issued), revoked).when(revoke).records();
    given(KeyIssued(issued), revoked)
      .when(rotate)
      .refuses({ reason: 'OutOfLifecycle', phase: 'revoked', step: 'KeyRotated', allowed: [] });
    given(KeyIssued(issued), revoked)
      .when(issue)
      .refuses({ reason: 'OutOfLifecycle', phase: 'revoked', step: 'KeyIssued', allowed: [] });
  });
});
