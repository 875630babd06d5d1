import { setup } from 'xstate';
import { lifecycle } from '../kernel/lifecycle.ts';
import type { CapabilityEvent } from './capability.events.ts';

/** What has changed at its source is suspended, whatever it was before, until somebody accepts it. */
export const capabilityMachine = setup({ types: { events: {} as { type: CapabilityEvent['type'] } } }).createMachine({
  id: 'capability',
  initial: 'unregistered',
  states: {
    unregistered: { on: { CapabilityRegistered: 'enabled' } },
    enabled: {
      on: {
        CapabilityRevised: 'enabled',
        CapabilityDisabled: 'disabled',
        CapabilitySuspended: 'suspended',
        CapabilityRetired: 'retired',
      },
    },
    disabled: {
      on: {
        CapabilityRevised: 'disabled',
        CapabilityDisabled: 'disabled',
        CapabilityEnabled: 'enabled',
        CapabilitySuspended: 'suspended',
        CapabilityRetired: 'retired',
      },
    },
    suspended: {
      on: { CapabilityAccepted: 'enabled', CapabilitySuspended: 'suspended', CapabilityRetired: 'retired' },
    },
    retired: { type: 'final' },
  },
});

export const capabilityLifecycle = lifecycle(capabilityMachine);
export type CapabilityPhase = typeof capabilityLifecycle.initial;
