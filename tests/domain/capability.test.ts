import { describe, expect, it } from 'vitest';
import type { CapabilityCommand, Offer } from '../../src/domain/capability/capability.commands.ts';
import { capability } from '../../src/domain/capability/capability.decider.ts';
import {
  CapabilityAccepted,
  CapabilityDisabled,
  CapabilityEnabled,
  CapabilityRegistered,
  CapabilityRetired,
  CapabilityRevised,
  CapabilitySuspended,
} from '../../src/domain/capability/capability.events.ts';
import { digest } from '../../src/domain/kernel/digest.ts';
import { specOf } from '../gate/gate.story.ts';
import { specification } from '../support/specification.ts';

const { given } = specification(capability);
const capability_key = '5a0b7c1d-2e3f-5041-8263-748596a7b8c9';
const spec = specOf({});
const other = { ...spec, description: 'Writes two files.' };
const pin = `sha256:${'1a'.repeat(32)}`;
const pin2 = `sha256:${'2b'.repeat(32)}`;

const builtIn = (of = spec): Offer => ({ spec: of, source: 'standard', pin: null });
const foreign = (of = spec, at = pin): Offer => ({ spec: of, source: 'mcp:files', pin: at });
const offer = (said: Offer, unavailable: string | null = null): CapabilityCommand => ({
  type: 'OfferCapability',
  capability_key,
  offer: said,
  unavailable,
});
const told = (said: Offer) => ({ capability_key, ...said, spec_digest: digest(said.spec) });
const registered = CapabilityRegistered(told(builtIn()));
const pinned = CapabilityRegistered(told(foreign()));
const suspended = CapabilitySuspended({ ...told(foreign(other, pin2)), changed: ['description'] });
const byHand = CapabilityDisabled({ capability_key, reason: 'too eager', by_itself: false });
const byItself = CapabilityDisabled({ capability_key, reason: 'no sandbox here', by_itself: true });
const again = CapabilityEnabled({ capability_key, reason: 'it can work here again' });

describe('a capability that is offered', () => {
  it('is registered under the digest of what it says', () => {
    given().when(offer(builtIn())).records(registered);
  });
  it('is registered and disabled by itself where it cannot work here', () => {
    given().when(offer(builtIn(), 'no sandbox here')).records(registered, byItself);
  });
  it('says nothing new the second time', () => {
    given(registered).when(offer(builtIn())).records();
  });
  it.each([
    ['irreversible_is_high', specOf({ reversible: false })],
    ['delete_is_high', specOf({ operation: 'delete' })],
    ['beyond_undoing_is_critical', specOf({ risk: 'high', reversible: false, compensated: false })],
    ['compensation_contradicts', { ...spec, compensation: { supported: true, strategy: 'none', capability_id: null } }],
  ] as const)('is refused where it breaks the rule %s, and the rule is named (W7, W8, W9, W10)', (rule, broken) => {
    const decision = capability.decide(offer(builtIn(structuredClone(broken))), capability.initial);
    expect(decision).toMatchObject({ left: { reason: 'RiskRulesBroken', violations: [{ rule }] } });
  });
  it('is refused with every rule that it breaks', () => {
    const broken = specOf({ operation: 'delete', risk: 'low', reversible: false, compensated: false });
    const decision = capability.decide(offer(builtIn(broken)), capability.initial);
    expect(decision).toMatchObject({ left: { violations: { length: 3 } } });
  });
});

describe('a capability that changes', () => {
  it('is revised where it is built in: whoever deployed the build has decided', () => {
    given(registered)
      .when(offer(builtIn(other)))
      .records(CapabilityRevised(told(builtIn(other))));
  });
  it('is suspended where another source describes it, until a person has read that', () => {
    given(pinned)
      .when(offer(foreign(other, pin2)))
      .records(suspended);
    expect(given(pinned, suspended).state.phase).toBe('suspended');
  });
  it('is suspended where the source has changed, though the spec has not', () => {
    given(pinned)
      .when(offer(foreign(spec, pin2)))
      .records(CapabilitySuspended({ ...told(foreign(spec, pin2)), changed: [] }));
  });
  it('is suspended again where it changes once more, and not where it says the same', () => {
    given(pinned, suspended)
      .when(offer(foreign(other, pin2)))
      .records();
    const third = { ...other, name: 'Write' };
    given(pinned, suspended)
      .when(offer(foreign(third)))
      .records(CapabilitySuspended({ ...told(foreign(third)), changed: ['name', 'description'] }));
  });
  it('is accepted with the digest that was read, and no other', () => {
    const accept = { type: 'AcceptCapability', spec_digest: digest(other), reason: 'read' } as const;
    const accepted = CapabilityAccepted({ ...told(foreign(other, pin2)), reason: 'read' });
    given(pinned, suspended).when(accept).records(accepted);
    given(pinned, suspended)
      .when({ ...accept, spec_digest: digest(spec) })
      .refuses({ reason: 'OfferChanged', spec_digest: digest(other) });
    given(pinned).when(accept).refuses({ reason: 'OfferChanged', spec_digest: null });
    expect(given(pinned, suspended, accepted).state).toMatchObject({ phase: 'enabled', offered: null });
  });
  it('is enabled by being accepted, whatever it was before', () => {
    const accepted = CapabilityAccepted({ ...told(foreign(other, pin2)), reason: 'read' });
    expect(given(pinned, byHand, suspended, accepted).state).toMatchObject({ phase: 'enabled', disabled: null });
  });
  it('is not enabled behind the back of whoever should read it', () => {
    given(pinned, suspended)
      .when({ type: 'EnableCapability', reason: '' })
      .refuses({
        reason: 'OutOfLifecycle',
        phase: 'suspended',
        step: 'CapabilityEnabled',
        allowed: ['CapabilityAccepted', 'CapabilitySuspended', 'CapabilityRetired'],
      });
  });
});

describe('a capability that is disabled', () => {
  it('by itself is enabled when it can work again', () => {
    given(registered, byItself).when(offer(builtIn())).records(again);
    given(registered, byItself).when(offer(builtIn(), 'still not')).records();
  });
  it('by hand stays so until somebody enables it', () => {
    given(registered, byHand).when(offer(builtIn())).records();
    const enable = { type: 'EnableCapability', reason: 'calmer' } as const;
    given(registered, byHand)
      .when(enable)
      .records(CapabilityEnabled({ capability_key, reason: 'calmer' }));
    given(registered).when(enable).records();
  });
  it('by hand stays so although it could not work when somebody disabled it', () => {
    const disable = { type: 'DisableCapability', reason: 'too eager' } as const;
    given(registered, byItself).when(disable).records(byHand);
    given(registered, byItself, byHand).when(offer(builtIn())).records();
    given(registered, byHand).when(disable).records();
  });
  it('stays so when it is revised', () => {
    const revised = CapabilityRevised(told(builtIn(other)));
    given(registered, byHand)
      .when(offer(builtIn(other)))
      .records(revised);
    expect(given(registered, byHand, revised).state.phase).toBe('disabled');
  });
});

describe('a capability that is retired', () => {
  const retired = CapabilityRetired({ capability_key, reason: 'old' });
  it('is so for good', () => {
    given(registered).when({ type: 'RetireCapability', reason: 'old' }).records(retired);
    given(registered, retired).when({ type: 'RetireCapability', reason: 'old' }).records();
    given(registered, retired)
      .when(offer(builtIn(other)))
      .records();
  });
});

it('nothing but an offer is heard before there is a capability', () => {
  for (const type of ['DisableCapability', 'EnableCapability', 'RetireCapability'] as const)
    given().when({ type, reason: '' }).refuses({ reason: 'CapabilityUnknown' });
});
