import { setup } from 'xstate';
import { lifecycle } from '../kernel/lifecycle.ts';
import type { KeyEvent } from './key.events.ts';

/** Expiry is not a step: it is a date that the door reads. */
export const keyMachine = setup({ types: { events: {} as { type: KeyEvent['type'] } } }).createMachine({
  id: 'key',
  initial: 'unissued',
  states: {
    unissued: { on: { KeyIssued: 'issued' } },
    issued: { on: { KeyRotated: 'issued', KeyRevoked: 'revoked' } },
    revoked: { type: 'final' },
  },
});

export const keyLifecycle = lifecycle(keyMachine);
export type KeyPhase = typeof keyLifecycle.initial;
