import * as E from 'fp-ts/lib/Either.js';
import { argumentsHold, isLike } from '../gate/conditions.ts';
import type { ApprovalTerms } from '../gate/policy.document.ts';
import type { Question } from '../gate/question.ts';
import type { Decider } from '../kernel/decider.ts';
import { governed } from '../kernel/lifecycle.ts';
import {
  GrantExhausted,
  GrantIssued,
  GrantRevoked,
  GrantUsed,
  type GrantEvent,
  type GrantTerms,
} from './grant.events.ts';
import { grantLifecycle, type GrantPhase } from './grant.lifecycle.ts';

export type GrantCommand =
  | {
      readonly type: 'IssueGrant';
      readonly grant_id: string;
      readonly terms: GrantTerms;
      readonly reason: string;
      readonly issued_by: string;
      readonly issuer_roles: readonly string[];
      readonly approval_id: string | null;
    }
  | {
      readonly type: 'UseGrant';
      readonly use_id: string;
      readonly question: Question;
      readonly at: string;
      readonly for: string;
    }
  | { readonly type: 'RevokeGrant'; readonly reason: string };

export type GrantRefusal =
  | { readonly reason: 'GrantUnknown' }
  | { readonly reason: 'GrantEnded' }
  | { readonly reason: 'GrantExpired'; readonly expires_at: string }
  | { readonly reason: 'GrantDoesNotCover' };

export interface GrantState {
  readonly phase: GrantPhase;
  readonly grant_id: string;
  readonly terms: GrantTerms | null;
  readonly issued_by: string;
  readonly issuer_roles: readonly string[];
  readonly uses: ReadonlySet<string>;
}

/** Whether a grant speaks of this: its capability, who asks, where, and every condition on the arguments. */
export const covers = (
  terms: GrantTerms,
  issued_by: string,
  { capability_id, principal, scope, args }: Question,
): boolean =>
  isLike(terms.capability, capability_id) &&
  terms.principals.some((pattern) => isLike(pattern, `${principal.type}:${principal.id}`)) &&
  terms.scopes.some((pattern) => isLike(pattern, scope)) &&
  argumentsHold(terms.constraints, args) &&
  // Nobody agrees beforehand to what they will ask for themselves.
  !principal.chain.includes(issued_by);

/** Whether a grant is all the agreement that these terms ask for: it is one person's word, with the roles of that person. */
export const suffices = (
  { issuer_roles }: Pick<GrantState, 'issuer_roles'>,
  { quorum, roles }: Pick<ApprovalTerms, 'quorum' | 'roles'>,
): boolean => quorum <= 1 && (roles.length === 0 || [...roles, '*'].some((role) => issuer_roles.includes(role)));

/** Whether a grant has ended at an instant. Compared as instants: whoever issued it may have left out fractions of a second. */
export const hasExpired = ({ expires_at }: Pick<GrantTerms, 'expires_at'>, at: string): boolean =>
  Date.parse(at) >= Date.parse(expires_at);

const rules: Decider<GrantCommand, GrantState, GrantEvent, GrantRefusal> = {
  initial: {
    phase: grantLifecycle.initial,
    grant_id: '',
    terms: null,
    issued_by: '',
    issuer_roles: [],
    uses: new Set(),
  },

  decide: (command, { phase, grant_id, terms, uses, issued_by }): E.Either<GrantRefusal, readonly GrantEvent[]> => {
    if (command.type === 'IssueGrant') {
      const { type: _, ...issued } = command;
      return E.right([GrantIssued({ ...issued, issuer_roles: [...issued.issuer_roles] })]);
    }
    if (terms === null) return E.left({ reason: 'GrantUnknown' });
    if (command.type === 'RevokeGrant')
      return E.right(phase === 'live' ? [GrantRevoked({ grant_id, reason: command.reason })] : []);
    const { use_id, question, at } = command;
    if (uses.has(use_id)) return E.right([]);
    if (phase !== 'live') return E.left({ reason: 'GrantEnded' });
    if (hasExpired(terms, at)) return E.left({ reason: 'GrantExpired', expires_at: terms.expires_at });
    if (!covers(terms, issued_by, question)) return E.left({ reason: 'GrantDoesNotCover' });
    const used = GrantUsed({ grant_id, use_id, use: uses.size + 1, for: command.for });
    return E.right(uses.size + 1 >= terms.uses_max ? [used, GrantExhausted({ grant_id })] : [used]);
  },

  evolve: (state, event) => {
    switch (event.type) {
      case 'GrantIssued': {
        const { grant_id, terms, issued_by, issuer_roles } = event.data;
        return { ...state, grant_id, terms, issued_by, issuer_roles };
      }
      case 'GrantUsed':
        return { ...state, uses: new Set(state.uses).add(event.data.use_id) };
      default:
        return state;
    }
  },
};

export const grant = governed(grantLifecycle, rules);
