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
      readonly secret_hash: string;
      readonly expires_at: string | null;
    }
  | {
      readonly type: 'RotateKey';
      readonly secret_hash: string;
      readonly previous_until: string;
      readonly expires_at: string | null;
    }
  | { readonly type: 'RevokeKey'; readonly reason: string };

export type KeyRefusal = { readonly reason: 'KeyUnknown' };

export interface KeyState {
  readonly phase: KeyPhase;
  readonly key_id: string;
}

const rules: Decider<KeyCommand, KeyState, KeyEvent, KeyRefusal> = {
  initial: { phase: keyLifecycle.initial, key_id: '' },

  decide: (command, { phase, key_id }) => {
    if (command.type === 'IssueKey') {
      const { type: _, scopes, ...issued } = command;
      return E.right([KeyIssued({ ...issued, scopes: [...scopes] })]);
    }
    if (key_id === '') return E.left({ reason: 'KeyUnknown' });
    if (command.type === 'RotateKey') {
      const { type: _, ...rotated } = command;
      return E.right([KeyRotated({ key_id, ...rotated })]);
    }
    return E.right(phase === 'revoked' ? [] : [KeyRevoked({ key_id, reason: command.reason })]);
  },

  evolve: (state, event) => (event.type === 'KeyIssued' ? { ...state, key_id: event.data.key_id } : state),
};

export const key = governed(keyLifecycle, rules);
