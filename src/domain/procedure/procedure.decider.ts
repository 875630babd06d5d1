import * as E from 'fp-ts/lib/Either.js';
import type { z } from 'zod';
import type { Decider } from '../kernel/decider.ts';
import { governed } from '../kernel/lifecycle.ts';
import type { Source } from '../memory/source.ts';
import { once } from '../memory/words.ts';
import {
  ProcedureActivated,
  ProcedureForgotten,
  ProcedureOutcomeRecorded,
  ProcedureRetired,
  ProcedureStored,
  type ProcedureContent,
  type ProcedureEvent,
  type ProcedureOutcome,
} from './procedure.events.ts';
import { procedureLifecycle, type ProcedurePhase } from './procedure.lifecycle.ts';

export interface StoreProcedure extends ProcedureContent {
  readonly type: 'StoreProcedure';
  readonly procedure_id: string;
  readonly agent_id: string;
  readonly source: Source;
  readonly by: string;
}

export type ProcedureCommand =
  | StoreProcedure
  | { readonly type: 'ActivateProcedure'; readonly by: string }
  | {
      readonly type: 'RecordProcedureOutcome';
      readonly outcome: z.infer<typeof ProcedureOutcome>;
      readonly by: string;
    }
  | { readonly type: 'RetireProcedure'; readonly reason: string; readonly by: string }
  | { readonly type: 'ForgetProcedure'; readonly reason: string; readonly by: string };

export type ProcedureRefusal = { readonly reason: 'ProcedureUnknown' };

export interface ProcedureState {
  readonly phase: ProcedurePhase;
  readonly procedure_id: string;
  readonly agent_id: string;
  readonly activations: number;
  readonly successes: number;
  readonly failures: number;
  readonly neutrals: number;
}

const initial: ProcedureState = {
  phase: procedureLifecycle.initial,
  procedure_id: '',
  agent_id: '',
  activations: 0,
  successes: 0,
  failures: 0,
  neutrals: 0,
};

const rules: Decider<ProcedureCommand, ProcedureState, ProcedureEvent, ProcedureRefusal> = {
  initial,

  decide: (command, state): E.Either<ProcedureRefusal, readonly ProcedureEvent[]> => {
    if (command.type === 'StoreProcedure') {
      const { type: _, ...stored } = command;
      return E.right([ProcedureStored({ ...stored, tags: once(stored.tags) })]);
    }
    const { procedure_id, phase, successes, failures, neutrals } = state;
    const { by } = command;
    if (procedure_id === '') return E.left({ reason: 'ProcedureUnknown' });
    switch (command.type) {
      case 'ActivateProcedure':
        return E.right([ProcedureActivated({ procedure_id, activations: state.activations + 1, by })]);
      case 'RecordProcedureOutcome': {
        const { outcome } = command;
        const tally = {
          successes: successes + Number(outcome === 'success'),
          failures: failures + Number(outcome === 'failure'),
          neutrals: neutrals + Number(outcome === 'neutral'),
        };
        return E.right([ProcedureOutcomeRecorded({ procedure_id, outcome, ...tally, by })]);
      }
      case 'RetireProcedure':
        return E.right(phase === 'retired' ? [] : [ProcedureRetired({ procedure_id, reason: command.reason, by })]);
      case 'ForgetProcedure':
        return E.right(phase === 'forgotten' ? [] : [ProcedureForgotten({ procedure_id, reason: command.reason, by })]);
    }
  },

  evolve: (state, event) => {
    switch (event.type) {
      case 'ProcedureStored':
        return { ...state, procedure_id: event.data.procedure_id, agent_id: event.data.agent_id };
      case 'ProcedureActivated':
        return { ...state, activations: event.data.activations };
      case 'ProcedureOutcomeRecorded': {
        const { successes, failures, neutrals } = event.data;
        return { ...state, successes, failures, neutrals };
      }
      default:
        return state;
    }
  },
};

export const procedure = governed(procedureLifecycle, rules);
