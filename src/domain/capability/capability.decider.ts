import * as E from 'fp-ts/lib/Either.js';
import type { Decider } from '../kernel/decider.ts';
import { digest } from '../kernel/digest.ts';
import { governed } from '../kernel/lifecycle.ts';
import type { CapabilityCommand, Offer } from './capability.commands.ts';
import * as Events from './capability.events.ts';
import type { CapabilityEvent } from './capability.events.ts';
import { capabilityLifecycle, type CapabilityPhase } from './capability.lifecycle.ts';
import type { CapabilitySpec } from './capability.spec.ts';
import { riskViolations, type RiskViolation } from './risk.rules.ts';

export type CapabilityRefusal =
  | { readonly reason: 'CapabilityUnknown' }
  | { readonly reason: 'RiskRulesBroken'; readonly violations: readonly RiskViolation[] }
  | { readonly reason: 'OfferChanged'; readonly spec_digest: string | null };

/** A spec under the digest by which verdicts and approvals cite it. */
interface Described extends Offer {
  readonly spec_digest: string;
}

export interface CapabilityState {
  readonly phase: CapabilityPhase;
  readonly capability_key: string;
  readonly described: Described | null;
  /** What its source says now, where that waits to be accepted. */
  readonly offered: Described | null;
  readonly disabled: { readonly reason: string; readonly by_itself: boolean } | null;
}

type Of<T extends CapabilityCommand['type']> = Extract<CapabilityCommand, { type: T }>;

const changedParts = (before: CapabilitySpec, now: CapabilitySpec): string[] =>
  (Object.keys(now) as (keyof CapabilitySpec)[]).filter(
    (part) => digest(before[part] ?? null) !== digest(now[part] ?? null),
  );

/** What follows where the source says what is known already: only whether it can work may have changed. */
const availability = (
  { phase, disabled, capability_key }: CapabilityState,
  unavailable: string | null,
): readonly CapabilityEvent[] => {
  if (unavailable !== null && phase === 'enabled')
    return [Events.CapabilityDisabled({ capability_key, reason: unavailable, by_itself: true })];
  if (unavailable === null && phase === 'disabled' && disabled?.by_itself === true)
    return [Events.CapabilityEnabled({ capability_key, reason: 'it can work here again' })];
  return [];
};

const offered = (
  state: CapabilityState,
  { capability_key, offer, unavailable }: Of<'OfferCapability'>,
): readonly CapabilityEvent[] => {
  const { phase, described } = state;
  const said = { capability_key, ...offer, spec_digest: digest(offer.spec) };
  if (described === null) {
    const born = { ...state, phase: 'enabled' as const, capability_key };
    return [Events.CapabilityRegistered(said), ...availability(born, unavailable)];
  }
  if (phase === 'retired') return [];
  const newest = state.offered ?? described;
  const same = newest.spec_digest === said.spec_digest && newest.pin === offer.pin;
  if (same) return availability(state, unavailable);
  // What is built in changes with the build, which somebody deployed; what others describe, somebody must read first.
  if (offer.pin === null) return [Events.CapabilityRevised(said), ...availability(state, unavailable)];
  return [Events.CapabilitySuspended({ ...said, changed: changedParts(described.spec, offer.spec) })];
};

const rules: Decider<CapabilityCommand, CapabilityState, CapabilityEvent, CapabilityRefusal> = {
  initial: {
    phase: capabilityLifecycle.initial,
    capability_key: '',
    described: null,
    offered: null,
    disabled: null,
  },

  decide: (command, state): E.Either<CapabilityRefusal, readonly CapabilityEvent[]> => {
    if (command.type === 'OfferCapability') {
      const violations = riskViolations(command.offer.spec);
      return violations.length > 0
        ? E.left({ reason: 'RiskRulesBroken', violations })
        : E.right(offered(state, command));
    }
    const { phase, capability_key, disabled } = state;
    if (state.described === null) return E.left({ reason: 'CapabilityUnknown' });
    const { reason } = command;
    switch (command.type) {
      case 'DisableCapability':
        // What somebody disables stays so, even where it could not work before and can again.
        return E.right(
          phase === 'disabled' && disabled?.by_itself === false
            ? []
            : [Events.CapabilityDisabled({ capability_key, reason, by_itself: false })],
        );
      case 'EnableCapability':
        return E.right(phase === 'enabled' ? [] : [Events.CapabilityEnabled({ capability_key, reason })]);
      case 'AcceptCapability': {
        const offer = state.offered;
        if (offer?.spec_digest !== command.spec_digest)
          return E.left({ reason: 'OfferChanged', spec_digest: offer?.spec_digest ?? null });
        return E.right([Events.CapabilityAccepted({ capability_key, ...offer, reason })]);
      }
      case 'RetireCapability':
        return E.right(phase === 'retired' ? [] : [Events.CapabilityRetired({ capability_key, reason })]);
    }
  },

  evolve: (state, event) => {
    switch (event.type) {
      case 'CapabilityRegistered':
      case 'CapabilityRevised':
      case 'CapabilityAccepted': {
        const { capability_key, spec, spec_digest, source, pin } = event.data;
        const disabled = event.type === 'CapabilityAccepted' ? null : state.disabled;
        return { ...state, capability_key, described: { spec, spec_digest, source, pin }, offered: null, disabled };
      }
      case 'CapabilitySuspended': {
        const { spec, spec_digest, source, pin } = event.data;
        return { ...state, offered: { spec, spec_digest, source, pin } };
      }
      case 'CapabilityDisabled':
        return { ...state, disabled: { reason: event.data.reason, by_itself: event.data.by_itself } };
      case 'CapabilityEnabled':
        return { ...state, disabled: null };
      default:
        return state;
    }
  },
};

export const capability = governed(capabilityLifecycle, rules);
