import { setup } from 'xstate';
import { lifecycle } from '../kernel/lifecycle.ts';
import type { ProcedureEvent } from './procedure.events.ts';

/** How something that was under way ended is told also where the procedure has been retired since. */
export const procedureMachine = setup({ types: { events: {} as { type: ProcedureEvent['type'] } } }).createMachine({
  id: 'procedure',
  initial: 'unstored',
  states: {
    unstored: { on: { ProcedureStored: 'active' } },
    active: {
      on: {
        ProcedureActivated: 'active',
        ProcedureOutcomeRecorded: 'active',
        ProcedureRetired: 'retired',
        ProcedureForgotten: 'forgotten',
      },
    },
    retired: { on: { ProcedureOutcomeRecorded: 'retired', ProcedureForgotten: 'forgotten' } },
    forgotten: { type: 'final' },
  },
});

export const procedureLifecycle = lifecycle(procedureMachine);
export type ProcedurePhase = typeof procedureLifecycle.initial;
