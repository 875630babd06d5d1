import * as E from 'fp-ts/lib/Either.js';
import type { Decider } from '../kernel/decider.ts';
import { governed } from '../kernel/lifecycle.ts';
import { KeyIssued, KeyRevoked, KeyRotated, type KeyEvent } from './key.events.ts';
import { keyLifecycle, type KeyPhase } from './key.lifecycle.ts';

export type KeyCommand =
  | {
      readonly type: 'IssueKey';
      readonly key_id: string;
      readonly name: string;
      readonly scopes: readonly string[];
      readonly roles: readonly string[];
      readonly secret_hash: string;
      readonly expires_at: string | null;
    }
  | {
      readonly type: 'RotateKey';
      readonly secret_hash: string;
      readonly previous_until: string;
      /** Left out, it stays as it is; null, the key opens for good. */
      readonly expires_at?: string | null | undefined;
    }
  | { readonly type: 'RevokeKey'; readonly reason: string };

export type KeyRefusal = { readonly reason: 'KeyUnknown' };

export interface KeyState {
  readonly phase: KeyPhase;
  readonly key_id: string;
  /** What the key allows; it is the same for as long as there is the key. */
  readonly scopes: readonly string[];
  readonly roles: readonly string[];
  readonly expires_at: string | null;
}

/** Whoever gets a key's secret may do what the key may: nobody is given more than they have. */
export const beyond = (asked: readonly string[], held: readonly string[]): readonly string[] =>
  held.includes('*') ? [] : asked.filter((one) => !held.includes(one));

const rules: Decider<KeyCommand, KeyState, KeyEvent, KeyRefusal> = {
  initial: { phase: keyLifecycle.initial, key_id: '', scopes: [], roles: [], expires_at: null },

  decide: (command, { phase, key_id, ...known }) => {
    if (command.type === 'IssueKey') {
      const { type: _, scopes, roles, ...issued } = command;
      return E.right([KeyIssued({ ...issued, scopes: [...scopes], roles: [...roles] })]);
    }
    if (key_id === '') return E.left({ reason: 'KeyUnknown' });
    if (command.type === 'RotateKey') {
      const { type: _, expires_at = known.expires_at, ...rotated } = command;
      return E.right([KeyRotated({ key_id, ...rotated, expires_at })]);
    }
    return E.right(phase === 'revoked' ? [] : [KeyRevoked({ key_id, reason: command.reason })]);
  },

  evolve: (state, event) => {
    switch (event.type) {
      case 'KeyIssued': {
        const { key_id, scopes, roles, expires_at } = event.data;
        return { ...state, key_id, scopes, roles, expires_at };
      }
      case 'KeyRotated':
        return { ...state, expires_at: event.data.expires_at };
      default:
        return state;
    }
  },
};

export const key = governed(keyLifecycle, rules);
