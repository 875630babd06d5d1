import { setup } from 'xstate';
import { lifecycle } from '../kernel/lifecycle.ts';
import type { GrantEvent } from './grant.events.ts';

/** Expiry is not a step: it is a date that is read when the grant is to be used. */
export const grantMachine = setup({ types: { events: {} as { type: GrantEvent['type'] } } }).createMachine({
  id: 'grant',
  initial: 'unissued',
  states: {
    unissued: { on: { GrantIssued: 'live' } },
    live: { on: { GrantUsed: 'live', GrantExhausted: 'ended', GrantRevoked: 'ended' } },
    ended: { type: 'final' },
  },
});

export const grantLifecycle = lifecycle(grantMachine);
export type GrantPhase = typeof grantLifecycle.initial;
