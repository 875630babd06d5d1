import type { CapabilitySpec } from './capability.spec.ts';

/** What a source says of a capability now. */
export interface Offer {
  readonly spec: CapabilitySpec;
  readonly source: string;
  readonly pin: string | null;
}

export type CapabilityCommand =
  | {
      readonly type: 'OfferCapability';
      readonly capability_key: string;
      readonly offer: Offer;
      /** Why it cannot work here, or null where it can. */
      readonly unavailable: string | null;
    }
  | { readonly type: 'DisableCapability'; readonly reason: string }
  | { readonly type: 'EnableCapability'; readonly reason: string }
  /** `spec_digest` names what was read before it was accepted. */
  | { readonly type: 'AcceptCapability'; readonly spec_digest: string; readonly reason: string }
  | { readonly type: 'RetireCapability'; readonly reason: string };
