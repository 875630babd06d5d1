import * as E from 'fp-ts/lib/Either.js';
import type { z } from 'zod';
import type { Decider } from '../kernel/decider.ts';
import { governed } from '../kernel/lifecycle.ts';
import type { Source } from '../memory/source.ts';
import { capped, escalated, isPerson } from './censor.caps.ts';
import {
  CensorCreated,
  CensorEscalated,
  CensorFalsePositiveMarked,
  CensorForgotten,
  CensorLifted,
  CensorTriggered,
  type CensorAction,
  type CensorContent,
  type CensorEvent,
  type CensorOrigin,
} from './censor.events.ts';
import { censorLifecycle, type CensorPhase } from './censor.lifecycle.ts';

/** So many hits make a block of a warning where nobody says otherwise (requirements N86). */
export const escalationThresholdDefault = 3;

export interface CreateCensor extends z.infer<typeof CensorContent> {
  readonly type: 'CreateCensor';
  readonly censor_id: string;
  readonly agent_id: string;
  /** What is wanted; what its origin may not ask for is cut down to what it may. */
  readonly action: CensorAction;
  readonly origin: CensorOrigin;
  readonly escalation_threshold?: number | undefined;
  readonly source: Source;
  readonly by: string;
}

export interface TriggerCensor {
  readonly type: 'TriggerCensor';
  /** What of the text it struck at. */
  readonly matched: string;
  readonly session_id: string | null;
  readonly turn_id: string | null;
  readonly by: string;
}

export type CensorCommand =
  | CreateCensor
  | TriggerCensor
  | { readonly type: 'EscalateCensor'; readonly by: string }
  | { readonly type: 'MarkFalsePositive'; readonly note: string; readonly by: string }
  | { readonly type: 'LiftCensor'; readonly reason: string; readonly by: string }
  | { readonly type: 'ForgetCensor'; readonly reason: string; readonly by: string };

export type CensorRefusal =
  | { readonly reason: 'CensorUnknown' }
  /** Only a person makes something absolute. */
  | { readonly reason: 'PersonNeeded'; readonly action: CensorAction };

export interface CensorState {
  readonly phase: CensorPhase;
  readonly censor_id: string;
  readonly agent_id: string;
  readonly trigger: string;
  readonly why: string;
  readonly domain: string | null;
  readonly action: CensorAction;
  readonly origin: CensorOrigin;
  readonly escalation_threshold: number;
  readonly activations: number;
  readonly false_positives: number;
}

const initial: CensorState = {
  phase: censorLifecycle.initial,
  censor_id: '',
  agent_id: '',
  trigger: '',
  why: '',
  domain: null,
  action: 'warn',
  origin: 'manual',
  escalation_threshold: escalationThresholdDefault,
  activations: 0,
  false_positives: 0,
};

/** Hits alone make no more than a block, and that of a warning only: what is absolute is a person's word (requirements C13). */
const triggered = (state: CensorState, command: TriggerCensor): readonly CensorEvent[] => {
  const { censor_id, action, escalation_threshold } = state;
  const { type: _, ...hit } = command;
  const activations = state.activations + 1;
  const struck = CensorTriggered({ censor_id, ...hit, action, activations });
  return activations >= escalation_threshold && action === 'warn'
    ? [struck, CensorEscalated({ censor_id, from: 'warn', to: 'block', automatic: true, by: command.by })]
    : [struck];
};

const rules: Decider<CensorCommand, CensorState, CensorEvent, CensorRefusal> = {
  initial,

  decide: (command, state): E.Either<CensorRefusal, readonly CensorEvent[]> => {
    if (command.type === 'CreateCensor') {
      const { type: _, action: asked, escalation_threshold = escalationThresholdDefault, ...created } = command;
      const action = capped(asked, created.origin, created.by);
      return E.right([CensorCreated({ ...created, action, asked, escalation_threshold })]);
    }
    const { censor_id, phase, action: from } = state;
    const { by } = command;
    if (censor_id === '') return E.left({ reason: 'CensorUnknown' });
    switch (command.type) {
      case 'TriggerCensor':
        return E.right(triggered(state, command));
      case 'EscalateCensor': {
        const to = escalated(from);
        if (to === from) return E.right([]);
        if (to === 'absolute' && !isPerson(by)) return E.left({ reason: 'PersonNeeded', action: to });
        return E.right([CensorEscalated({ censor_id, from, to, automatic: false, by })]);
      }
      case 'MarkFalsePositive': {
        const { note } = command;
        const false_positives = state.false_positives + 1;
        return E.right([CensorFalsePositiveMarked({ censor_id, false_positives, note, by })]);
      }
      case 'LiftCensor':
        return E.right(phase === 'lifted' ? [] : [CensorLifted({ censor_id, reason: command.reason, by })]);
      case 'ForgetCensor':
        return E.right(phase === 'forgotten' ? [] : [CensorForgotten({ censor_id, reason: command.reason, by })]);
    }
  },

  evolve: (state, event) => {
    switch (event.type) {
      case 'CensorCreated': {
        const { censor_id, agent_id, trigger, reason: why, domain, action, origin, escalation_threshold } = event.data;
        return { ...state, censor_id, agent_id, trigger, why, domain, action, origin, escalation_threshold };
      }
      case 'CensorTriggered':
        return { ...state, activations: event.data.activations };
      case 'CensorEscalated':
        return { ...state, action: event.data.to };
      case 'CensorFalsePositiveMarked':
        return { ...state, false_positives: event.data.false_positives };
      case 'CensorForgotten':
        return { ...state, trigger: '', why: '' };
      default:
        return state;
    }
  },
};

export const censor = governed(censorLifecycle, rules);
