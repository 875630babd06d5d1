import { describe, expect, it } from 'vitest';
import { authorize } from '../../src/domain/gate/authorize.ts';
import { noPolicy } from '../../src/domain/gate/no-policy.ts';
import { digest } from '../../src/domain/kernel/digest.ts';
import { inForce, judgesNow, policy } from '../../src/domain/policy/policy.decider.ts';
import {
  PolicyActivated,
  PolicyDrafted,
  PolicyRetired,
  PolicySuspended,
} from '../../src/domain/policy/policy.events.ts';
import { policyOf, questionOf, ruleOf, specOf } from '../gate/gate.story.ts';
import { specification } from '../support/specification.ts';

const { given } = specification(policy);
const policy_id = '6b1c8d2e-3f40-5152-9374-8596a7b8c9da';
const reason = 'agreed';
const documentOf = (version: number) => policyOf({ description: `version ${version}` }).document;
const drafted = (version: number) => {
  const document = documentOf(version);
  return PolicyDrafted({ policy_id, version, document, digest: digest(document), note: '' });
};
const activate = (version: number, named = digest(documentOf(version))) =>
  ({ type: 'ActivatePolicy', version, digest: named, reason }) as const;
const activated = (version: number, previous_version: number | null) =>
  PolicyActivated({ policy_id, version, digest: digest(documentOf(version)), previous_version, reason });
const suspended = PolicySuspended({ policy_id, version: 1, reason });
const retired = PolicyRetired({ policy_id, reason });

describe('a policy', () => {
  it('is drafted in versions that are counted, and judges nothing by that', () => {
    const draft = (version: number) =>
      ({ type: 'DraftPolicy', policy_id, document: documentOf(version), note: '' }) as const;
    given().when(draft(1)).records(drafted(1));
    given(drafted(1)).when(draft(2)).records(drafted(2));
    expect(inForce(given(drafted(1), drafted(2)).state)).toBeNull();
  });

  it('is put in force by version and by the digest of what was read', () => {
    given(drafted(1), drafted(2)).when(activate(2)).records(activated(2, null));
    given(drafted(1), drafted(2), activated(2, null)).when(activate(1)).records(activated(1, 2));
    given(drafted(1), activated(1, null)).when(activate(1)).records();
    expect(inForce(given(drafted(1), activated(1, null), drafted(2)).state)).toMatchObject({ version: 1 });
  });

  it('is not put in force where the digest is of another document, or nobody drafted the version', () => {
    given(drafted(1))
      .when(activate(1, digest('other')))
      .refuses({ reason: 'PolicyDigestDiffers', version: 1, digest: digest(documentOf(1)) });
    given(drafted(1)).when(activate(2)).refuses({ reason: 'PolicyVersionUnknown', version: 2, newest: 1 });
    given().when(activate(1)).refuses({ reason: 'PolicyUnknown' });
  });

  it('judges no more once it is suspended, until a version is activated again', () => {
    given(drafted(1), activated(1, null)).when({ type: 'SuspendPolicy', reason }).records(suspended);
    given(drafted(1), activated(1, null), suspended).when({ type: 'SuspendPolicy', reason }).records();
    given(drafted(1)).when({ type: 'SuspendPolicy', reason }).records();
    const { state, when } = given(drafted(1), activated(1, null), suspended);
    expect(inForce(state)).toBeNull();
    when(activate(1)).records(activated(1, 1));
  });

  it('judges no more once it is retired, for good', () => {
    given(drafted(1), activated(1, null)).when({ type: 'RetirePolicy', reason }).records(retired);
    const { state, when } = given(drafted(1), activated(1, null), retired);
    expect(inForce(state)).toBeNull();
    when({ type: 'RetirePolicy', reason }).records();
    when(activate(1)).refuses({ reason: 'OutOfLifecycle', phase: 'retired', step: 'PolicyActivated', allowed: [] });
  });

  it('remembers the fifty newest drafts', () => {
    const history = Array.from({ length: 51 }, (_, n) => drafted(n + 1));
    given(...history)
      .when(activate(1))
      .refuses({ reason: 'PolicyVersionUnknown', version: 1, newest: 51 });
    given(...history)
      .when(activate(2))
      .records(activated(2, null));
    expect(inForce(given(...history.slice(0, 1), activated(1, null), ...history.slice(1)).state)?.version).toBe(1);
  });

  it('can be put in force again after it was suspended, however much was drafted meanwhile', () => {
    const later = Array.from({ length: 120 }, (_, n) => drafted(n + 2));
    const history = [drafted(1), activated(1, null), ...later, suspended];
    given(...history)
      .when(activate(1))
      .records(activated(1, 1));
    expect(inForce(given(...history, activated(1, 1)).state)?.version).toBe(1);
    expect(given(...history).state.drafts.length).toBeLessThanOrEqual(51);
  });
});

const reading = specOf({ operation: 'read', effect_class: 'read', risk: 'low' });

it.each([
  ['suspended', suspended, 'is suspended, and nothing is allowed until it is put in force again'],
  ['retired', retired, 'is retired, and nothing is allowed any more'],
])('a policy that is %s denies everything, and says so', (_, ended, why) => {
  const verdict = authorize(questionOf(), reading, judgesNow(given(drafted(1), activated(1, null), ended).state));
  expect(verdict).toMatchObject({ decision: 'deny', would_allow: [], policy: { version: 0 } });
  expect(verdict.reason).toMatch(/^version 1 of the policy \S+ /);
  expect(verdict.reason).toContain(why);
  expect(judgesNow(given(drafted(1)).state)).toBe(noPolicy);
  expect(judgesNow(given(drafted(1), activated(1, null)).state).version).toBe(1);
});

it('no policy denies everything (W26)', () => {
  expect(authorize(questionOf(), reading, noPolicy)).toMatchObject({ decision: 'deny', basis: 'otherwise' });
  const { approval: _, ...milder } = policyOf({ rules: [ruleOf('all')] }).document;
  expect(digest({ ...milder, approval: noPolicy.document.approval })).not.toBe(noPolicy.digest);
});
