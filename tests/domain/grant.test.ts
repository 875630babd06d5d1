import { describe, it } from 'vitest';
import { grant, type GrantCommand } from '../../src/domain/grant/grant.decider.ts';
import {
  GrantExhausted,
  GrantIssued,
  GrantRevoked,
  GrantUsed,
  type GrantTerms,
} from '../../src/domain/grant/grant.events.ts';
import { questionOf } from '../gate/gate.story.ts';
import { specification } from '../support/specification.ts';

const { given } = specification(grant);
const grant_id = '7c2d9e3f-4051-5263-8485-96a7b8c9daeb';
const use = (n: number): string => `8d3eaf40-5162-5374-8596-a7b8c9daeb0${n}`;
const noon = '2026-11-21T12:00:00.000Z';

const terms = (changes: Partial<GrantTerms> = {}): GrantTerms => ({
  capability: 'io.fs.*',
  principals: ['agent:iris'],
  scopes: ['test'],
  constraints: [],
  uses_max: 2,
  expires_at: '2026-11-21T13:00:00.000Z',
  ...changes,
});
const issued = (changes: Partial<GrantTerms> = {}, issued_by = 'key:ola') =>
  GrantIssued({ issuer_roles: [], grant_id, terms: terms(changes), reason: '', issued_by, approval_id: null });
const asked = (n = 1, question = questionOf(), at = noon): GrantCommand => ({
  type: 'UseGrant',
  use_id: use(n),
  question,
  at,
  for: 'run/step',
});
const used = (n: number) => GrantUsed({ grant_id, use_id: use(n), use: n, for: 'run/step' });
const exhausted = GrantExhausted({ grant_id });

describe('a grant', () => {
  it('is issued, used so often, and then used up', () => {
    const by = { issued_by: 'key:ola', issuer_roles: [], approval_id: null };
    const issue = { type: 'IssueGrant', grant_id, terms: terms(), reason: '', ...by };
    given()
      .when(issue as GrantCommand)
      .records(issued());
    given(issued()).when(asked(1)).records(used(1));
    given(issued(), used(1)).when(asked(2)).records(used(2), exhausted);
    given(issued(), used(1), used(2), exhausted).when(asked(3)).refuses({ reason: 'GrantEnded' });
  });

  it('takes what is asked for twice for one use, even after its end', () => {
    given(issued(), used(1)).when(asked(1)).records();
    given(issued(), used(1), used(2), exhausted).when(asked(2)).records();
    given(issued(), used(1))
      .when(asked(1, questionOf(), '2027-01-01T00:00:00.000Z'))
      .records();
  });

  it('ends at its instant, not before', () => {
    const expires_at = '2026-11-21T13:00:00.000Z';
    given(issued())
      .when(asked(1, questionOf(), expires_at))
      .refuses({ reason: 'GrantExpired', expires_at });
    given(issued())
      .when(asked(1, questionOf(), '2026-11-21T12:59:59.999Z'))
      .records(used(1));
  });

  it('ends at its instant also where that was given without fractions of a second', () => {
    const expires_at = '2026-11-21T13:00:00Z';
    given(issued({ expires_at }))
      .when(asked(1, questionOf(), '2026-11-21T13:00:00.500Z'))
      .refuses({ reason: 'GrantExpired', expires_at });
    given(issued({ expires_at }))
      .when(asked(1, questionOf(), '2026-11-21T12:59:59.999Z'))
      .records(used(1));
  });

  it.each<[string, Partial<GrantTerms>]>([
    ['another capability', { capability: 'io.net.*' }],
    ['a capability that only begins like it', { capability: 'io.fs.write' }],
    ['another principal', { principals: ['agent:otto', 'user:*'] }],
    ['another scope', { scopes: ['staging'] }],
    ['other arguments', { constraints: [{ path: 'path', is: 'like', value: ['etc/*'] }] }],
    ['more than was granted', { constraints: [{ path: 'bytes', is: 'at_most', value: 11 }] }],
    ['an argument that is not there', { constraints: [{ path: 'amount', is: 'at_most', value: 5 }] }],
  ])('does not cover %s', (_, changes) => {
    given(issued(changes)).when(asked()).refuses({ reason: 'GrantDoesNotCover' });
  });

  it('covers what all of its conditions hold for', () => {
    const constraints: GrantTerms['constraints'] = [
      { path: 'path', is: 'like', value: ['notes/*'] },
      { path: 'bytes', is: 'at_most', value: 12 },
    ];
    given(issued({ constraints, principals: ['agent:*'], scopes: ['*'] }))
      .when(asked())
      .records(used(1));
  });

  it('does not stand for what whoever issued it asks for themselves', () => {
    given(issued({}, 'agent:iris')).when(asked()).refuses({ reason: 'GrantDoesNotCover' });
  });

  it('is revoked once, and cannot be used then', () => {
    const revoke = { type: 'RevokeGrant', reason: 'enough' } as const;
    const revoked = GrantRevoked({ grant_id, reason: 'enough' });
    given(issued()).when(revoke).records(revoked);
    given(issued(), revoked).when(revoke).records();
    given(issued(), revoked).when(asked()).refuses({ reason: 'GrantEnded' });
    given().when(revoke).refuses({ reason: 'GrantUnknown' });
  });
});
