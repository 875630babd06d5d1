import * as E from 'fp-ts/lib/Either.js';
import { noPolicy, policyThatWas } from '../gate/no-policy.ts';
import type { PolicyDocument } from '../gate/policy.document.ts';
import type { ActivePolicy } from '../gate/question.ts';
import type { Decider } from '../kernel/decider.ts';
import { digest } from '../kernel/digest.ts';
import { governed } from '../kernel/lifecycle.ts';
import { PolicyActivated, PolicyDrafted, PolicyRetired, PolicySuspended, type PolicyEvent } from './policy.events.ts';
import { policyLifecycle, type PolicyPhase } from './policy.lifecycle.ts';

export type PolicyCommand =
  | {
      readonly type: 'DraftPolicy';
      readonly policy_id: string;
      readonly document: PolicyDocument;
      readonly note: string;
    }
  /** `digest` names the document that was read before it was put in force. */
  | { readonly type: 'ActivatePolicy'; readonly version: number; readonly digest: string; readonly reason: string }
  | { readonly type: 'SuspendPolicy'; readonly reason: string }
  | { readonly type: 'RetirePolicy'; readonly reason: string };

export type PolicyRefusal =
  | { readonly reason: 'PolicyUnknown' }
  | { readonly reason: 'PolicyVersionUnknown'; readonly version: number; readonly newest: number }
  | { readonly reason: 'PolicyDigestDiffers'; readonly version: number; readonly digest: string };

/** Drafts that can still be activated: the newest ones, and the one that was in force last. An older one is drafted again. */
const draftsMax = 50;

export interface PolicyState {
  readonly phase: PolicyPhase;
  readonly policy_id: string;
  readonly newest: number;
  readonly drafts: readonly ActivePolicy[];
  /** The version that is in force, or was before the policy was suspended. */
  readonly active: ActivePolicy | null;
}

const rules: Decider<PolicyCommand, PolicyState, PolicyEvent, PolicyRefusal> = {
  initial: { phase: policyLifecycle.initial, policy_id: '', newest: 0, drafts: [], active: null },

  decide: (command, { phase, policy_id, newest, drafts, active }): E.Either<PolicyRefusal, readonly PolicyEvent[]> => {
    if (command.type === 'DraftPolicy') {
      const { document, note } = command;
      const drafted = { policy_id: command.policy_id, version: newest + 1, document, digest: digest(document), note };
      return E.right([PolicyDrafted(drafted)]);
    }
    if (newest === 0) return E.left({ reason: 'PolicyUnknown' });
    const { reason } = command;
    switch (command.type) {
      case 'ActivatePolicy': {
        const { version } = command;
        const draft = drafts.find((one) => one.version === version);
        if (draft === undefined) return E.left({ reason: 'PolicyVersionUnknown', version, newest });
        if (draft.digest !== command.digest)
          return E.left({ reason: 'PolicyDigestDiffers', version, digest: draft.digest });
        if (phase === 'in_force' && active?.version === version) return E.right([]);
        const previous_version = active?.version ?? null;
        return E.right([PolicyActivated({ policy_id, version, digest: draft.digest, previous_version, reason })]);
      }
      case 'SuspendPolicy':
        return E.right(
          phase === 'in_force' && active !== null
            ? [PolicySuspended({ policy_id, version: active.version, reason })]
            : [],
        );
      case 'RetirePolicy':
        return E.right(phase === 'retired' ? [] : [PolicyRetired({ policy_id, reason })]);
    }
  },

  evolve: (state, event) => {
    switch (event.type) {
      case 'PolicyDrafted': {
        const { policy_id, version, document, digest: named } = event.data;
        const { active } = state;
        const newest = state.drafts.slice(1 - draftsMax);
        // Once it is suspended nothing else can be put in force: however much is drafted, the way back stays.
        const kept = active === null || newest.includes(active) ? newest : [active, ...newest];
        return { ...state, policy_id, newest: version, drafts: [...kept, { version, document, digest: named }] };
      }
      case 'PolicyActivated': {
        const { version } = event.data;
        return { ...state, active: state.drafts.find((draft) => draft.version === version) ?? state.active };
      }
      default:
        return state;
    }
  },
};

export const policy = governed(policyLifecycle, rules);

/** The policy that judges now; null where none is in force, and nothing is allowed. */
export const inForce = ({ phase, active }: PolicyState): ActivePolicy | null => (phase === 'in_force' ? active : null);

/** What the gate judges by now: the policy that is in force, or a denial of everything that says why there is none. */
export const judgesNow = (state: PolicyState): ActivePolicy => {
  const { phase, active } = state;
  if (active === null) return noPolicy;
  return inForce(state) ?? policyThatWas(active, phase === 'retired' ? 'retired' : 'suspended');
};
