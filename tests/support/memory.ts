import type { WorkingItem } from '../../src/domain/working-memory/working-memory.events.ts';

/** What the tests of memory speak of. */
export const id = (n: number): string => `6b2f1d3c-4e50-5b7c-9d8e-0f1a2b3c4d${String(n).padStart(2, '0')}`;
export const at = '2026-11-21T12:00:00.000Z';
export const by = 'user:ida';
export const source = {
  ...{ kind: 'taught' as const, label: 'handbook' },
  ...{ session_id: null, turn_id: null, episode_id: null, decision_id: null },
};
export const procedureContent = {
  ...{ name: 'Replace a lamp', domain: null, description: null, goals: ['light'], core_patterns: [], core_tools: [] },
  ...{ core_concepts: [], implementation_notes: [], tags: [] },
};
export const itemOf = (n: number, relevance: number, loaded_at = at): WorkingItem => ({
  ...{ kind: 'fact', ref_id: id(n), summary: `item ${n}`, relevance, loaded_at },
});
