import { sql } from 'kysely';
import type { CensorEvent } from '../../domain/censor/censor.events.ts';
import { isAbandoned, type DecisionEvent } from '../../domain/decision/decision.events.ts';
import type { EpisodeEvent } from '../../domain/episode/episode.events.ts';
import type { FactEvent } from '../../domain/fact/fact.events.ts';
import type { Event } from '../../domain/kernel/event.ts';
import type { ProcedureEvent } from '../../domain/procedure/procedure.events.ts';
import { projection } from '../projection.ts';
import { changed, ended, held, remembered, said, type MemoryItemRow } from './memory-item.row.ts';

export type { MemoryItemRow } from './memory-item.row.ts';

type MemoryEvent = DecisionEvent | FactEvent | EpisodeEvent | ProcedureEvent | CensorEvent;

/** An episode names decisions and procedures, too: what the event is of comes first. */
const idsByKind = [
  ['episode', 'episode_id'],
  ['fact', 'fact_id'],
  ['procedure', 'procedure_id'],
  ['censor', 'censor_id'],
  ['decision', 'decision_id'],
] as const;

const keyOf = ({ type, data }: Event): { readonly kind: string; readonly item_id: string } => {
  const ids = data as Readonly<Record<string, string | undefined>>;
  for (const [kind, field] of idsByKind) {
    const item_id = ids[field];
    if (item_id !== undefined) return { kind, item_id };
  }
  throw new Error(`${type} names nothing that is remembered`);
};

/** Everything an agent can recall, of whatever kind; forgotten items have no row. */
export const memoryItems = projection<MemoryItemRow, MemoryEvent>({
  name: 'memory_items',
  version: 4,
  table: (t) =>
    t
      .addColumn('kind', 'text', (c) => c.notNull())
      .addColumn('item_id', 'uuid', (c) => c.notNull())
      .addColumn('tenant', 'text', (c) => c.notNull())
      .addColumn('agent_id', 'uuid', (c) => c.notNull())
      .addColumn('title', 'text', (c) => c.notNull())
      .addColumn('text', 'text', (c) => c.notNull())
      .addColumn('content_digest', 'text', (c) => c.notNull())
      .addColumn('active', 'boolean', (c) => c.notNull())
      .addColumn('learned_position', 'bigint', (c) => c.notNull())
      .addColumn('ended_position', 'bigint')
      .addColumn('ended_why', 'text')
      .addColumn('revision', 'integer', (c) => c.notNull())
      .addColumn('position', 'bigint', (c) => c.notNull())
      .addPrimaryKeyConstraint('memory_items_pkey', ['kind', 'item_id']),
  indexes: {
    by_agent: (i) => i.columns(['tenant', 'agent_id', 'kind', 'active']),
    by_content: (i) => i.column('content_digest'),
    by_position: (i) => i.column('position'),
    by_kind: (i) => i.columns(['kind', 'learned_position']),
    by_words: (i) => i.using('gin').column(sql`to_tsvector('english', text)`),
  },
  key: keyOf,
  on: {
    DecisionRecorded: (_, event) => {
      const { decision_id, agent_id, description, context, pattern } = event.data;
      return remembered('decision', decision_id, agent_id, event, said(description, [description, context, pattern]));
    },
    DecisionUpdated: (row, event) => {
      const { description, context, pattern } = event.data;
      return changed(row, event, said(description, [description, context, pattern]));
    },
    DecisionThoughtAdded: (row, event) => changed(row, event),
    // The last word on an outcome counts, and may take back that it was given up (requirements N36).
    DecisionReviewed: (row, event) =>
      isAbandoned(event.data) ? ended(row, event, 'abandoned') : changed(row, event, held),
    DecisionLinked: (row, event) => changed(row, event),
    FactLearned: (_, event) => {
      const { fact_id, agent_id, content, subject } = event.data;
      return remembered('fact', fact_id, agent_id, event, said(content, [content, subject]));
    },
    FactConfirmed: (row, event) => changed(row, event),
    FactContradicted: (row, event) => changed(row, event),
    FactSuperseded: (row, event) => ended(row, event, 'superseded'),
    FactDeactivated: (row, event) => ended(row, event, 'retracted'),
    FactForgotten: () => null,
    EpisodeStarted: (_, event) => {
      const { episode_id, agent_id, title, summary } = event.data;
      return remembered('episode', episode_id, agent_id, event, said(title ?? summary, [title, summary]));
    },
    // How it went is searched, too (requirements N72).
    EpisodeEnded: (row, event) => {
      if (row === undefined) return null;
      return changed(row, event, said(row.title, [row.text, event.data.outcome, ...event.data.lessons]));
    },
    EpisodeDecisionLinked: (row, event) => changed(row, event),
    EpisodeProcedureLinked: (row, event) => changed(row, event),
    EpisodeDeactivated: (row, event) => ended(row, event, 'retracted'),
    EpisodeForgotten: () => null,
    ProcedureStored: (_, event) => {
      const { procedure_id, agent_id, name, description, core_patterns } = event.data;
      return remembered('procedure', procedure_id, agent_id, event, said(name, [name, description, ...core_patterns]));
    },
    ProcedureActivated: (row, event) => changed(row, event),
    ProcedureOutcomeRecorded: (row, event) => changed(row, event),
    ProcedureRetired: (row, event) => ended(row, event, 'retired'),
    ProcedureForgotten: () => null,
    CensorCreated: (_, event) => {
      const { censor_id, agent_id, trigger, reason } = event.data;
      return remembered('censor', censor_id, agent_id, event, said(trigger, [trigger, reason]));
    },
    CensorTriggered: (row, event) => changed(row, event),
    CensorEscalated: (row, event) => changed(row, event),
    CensorFalsePositiveMarked: (row, event) => changed(row, event),
    CensorLifted: (row, event) => ended(row, event, 'lifted'),
    CensorForgotten: () => null,
  },
});
