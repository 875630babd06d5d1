import * as E from 'fp-ts/lib/Either.js';
import type { Decider } from '../kernel/decider.ts';
import { governed } from '../kernel/lifecycle.ts';
import {
  WorkingMemoryCleared,
  WorkingMemoryEvicted,
  WorkingMemoryFocused,
  WorkingMemoryLoaded,
  WorkingMemoryThreadOpened,
  WorkingMemoryThreadsResolved,
  threadsMax,
  type Thread,
  type WorkingItem,
  type WorkingMemoryEvent,
} from './working-memory.events.ts';
import { afterLoading, isSame, leastOf, loading } from './working-memory.state.ts';
import { workingMemoryLifecycle, type WorkingMemoryPhase } from './working-memory.lifecycle.ts';

export interface FocusWorkingMemory {
  readonly type: 'FocusWorkingMemory';
  readonly session_id: string;
  readonly agent_id: string;
  readonly task: string;
  readonly frame: string | null;
  readonly at: string;
}

export type WorkingMemoryCommand =
  | FocusWorkingMemory
  | { readonly type: 'LoadItems'; readonly items: readonly WorkingItem[] }
  /** Null for whatever goes first. */
  | { readonly type: 'EvictItem'; readonly ref_id: string | null }
  | (Thread & { readonly type: 'OpenThread' })
  | { readonly type: 'ResolveThread'; readonly text: string }
  | { readonly type: 'ClearWorkingMemory' };

export type WorkingMemoryRefusal =
  { readonly reason: 'WorkingMemoryAbsent' } | { readonly reason: 'TooManyThreads'; readonly threads_max: number };

export interface WorkingMemoryState {
  readonly phase: WorkingMemoryPhase;
  readonly session_id: string;
  readonly agent_id: string;
  readonly task: string | null;
  readonly frame: string | null;
  /** In the order in which they were loaded. */
  readonly items: readonly WorkingItem[];
  readonly threads: readonly Thread[];
}

const initial: WorkingMemoryState = {
  phase: workingMemoryLifecycle.initial,
  session_id: '',
  agent_id: '',
  task: null,
  frame: null,
  items: [],
  threads: [],
};

type Decision = E.Either<WorkingMemoryRefusal, readonly WorkingMemoryEvent[]>;

const focused = (state: WorkingMemoryState, { type: _, ...focus }: FocusWorkingMemory): Decision => {
  const same = state.phase === 'focused' && state.task === focus.task && state.frame === focus.frame;
  return E.right(same ? [] : [WorkingMemoryFocused(focus)]);
};

const loadedWith = ({ session_id, items }: WorkingMemoryState, more: readonly WorkingItem[]): Decision => {
  const change = loading(items, more);
  return E.right(change === undefined ? [] : [WorkingMemoryLoaded({ session_id, ...change })]);
};

const resolved = ({ session_id, threads }: WorkingMemoryState, text: string): Decision => {
  const wanted = text.toLowerCase();
  const descriptions = threads
    .map(({ description }) => description)
    .filter((description) => description.toLowerCase().includes(wanted));
  return E.right(descriptions.length === 0 ? [] : [WorkingMemoryThreadsResolved({ session_id, descriptions })]);
};

const rules: Decider<WorkingMemoryCommand, WorkingMemoryState, WorkingMemoryEvent, WorkingMemoryRefusal> = {
  initial,

  decide: (command, state): Decision => {
    if (command.type === 'FocusWorkingMemory') return focused(state, command);
    const { session_id, phase, items, threads } = state;
    if (phase === 'absent')
      return command.type === 'ClearWorkingMemory' ? E.right([]) : E.left({ reason: 'WorkingMemoryAbsent' });
    switch (command.type) {
      case 'LoadItems':
        return loadedWith(state, command.items);
      case 'EvictItem': {
        const { ref_id } = command;
        const gone = ref_id === null ? leastOf(items) : items.find((item) => item.ref_id === ref_id);
        const said = gone && { kind: gone.kind, ref_id: gone.ref_id };
        return E.right(said === undefined ? [] : [WorkingMemoryEvicted({ session_id, ...said })]);
      }
      case 'OpenThread': {
        const { type: _, ...thread } = command;
        if (threads.some(({ description }) => description === thread.description)) return E.right([]);
        if (threads.length >= threadsMax) return E.left({ reason: 'TooManyThreads', threads_max: threadsMax });
        return E.right([WorkingMemoryThreadOpened({ session_id, ...thread })]);
      }
      case 'ResolveThread':
        return resolved(state, command.text);
      case 'ClearWorkingMemory':
        return E.right([WorkingMemoryCleared({ session_id })]);
    }
  },

  evolve: (state, event) => {
    switch (event.type) {
      case 'WorkingMemoryFocused': {
        const { session_id, agent_id, task, frame } = event.data;
        return { ...state, session_id, agent_id, task, frame };
      }
      case 'WorkingMemoryLoaded':
        return { ...state, items: afterLoading(state.items, event.data) };
      case 'WorkingMemoryEvicted':
        return { ...state, items: state.items.filter((item) => !isSame(item, event.data)) };
      case 'WorkingMemoryThreadOpened': {
        const { description, decision_id, priority } = event.data;
        return { ...state, threads: [...state.threads, { description, decision_id, priority }] };
      }
      case 'WorkingMemoryThreadsResolved': {
        const done = new Set(event.data.descriptions);
        return { ...state, threads: state.threads.filter(({ description }) => !done.has(description)) };
      }
      case 'WorkingMemoryCleared':
        return { ...initial, session_id: state.session_id, agent_id: state.agent_id };
      default:
        return state;
    }
  },
};

export const workingMemory = governed(workingMemoryLifecycle, rules);
