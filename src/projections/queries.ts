import type { Kysely } from 'kysely';
import type { Catalogue } from '../domain/kernel/catalogue.ts';
import { operation, type Answer, type Problem } from '../domain/kernel/operation.ts';
import type { EventLog } from '../ports.ts';
import { problem } from '../problems.ts';
import type { AgentRow } from './agents/agents.projection.ts';
import type { EventRow } from './events/event-index.projection.ts';
import type { KeyRow } from './keys/keys.projection.ts';
import type { SessionRow } from './sessions/sessions.projection.ts';
import type { StreamRow } from './streams/streams.projection.ts';
import type { TurnRow } from './turns/turns.projection.ts';

/** The served tables, as those who ask see them. */
export interface ReadModels {
  readonly agents: AgentRow;
  readonly sessions: SessionRow;
  readonly turns: TurnRow;
  readonly keys: KeyRow;
  readonly streams: StreamRow;
  readonly event_index: EventRow;
}

/** What questions are answered with. */
export interface QueryContext {
  readonly log: EventLog;
  readonly catalogue: Catalogue;
  /** Asks the served tables. A table that is being swapped at this moment is asked again once (assurance F08). */
  readonly ask: <T>(question: (db: Kysely<ReadModels>) => Promise<T>) => Promise<T>;
  /** Which version of a read model is served here, and up to which position it was folded. */
  readonly served: (name: keyof ReadModels) => { readonly version: number; readonly position: bigint } | undefined;
}

export const query = operation<QueryContext>();

/** An answer from a read model, with the version that is served and the position it stands at. */
export const answered = <Output extends object>(
  { served }: QueryContext,
  name: keyof ReadModels,
  output: Output,
  row?: { readonly revision: number },
): Answer<Output> => {
  const from = served(name);
  return {
    output,
    projection: from === undefined ? name : `${name}@${from.version}`,
    ...(from === undefined ? {} : { position: from.position }),
    ...(row === undefined ? {} : { revision: row.revision }),
  };
};

export const missing = (noun: string, id: string): Problem => problem('not_found', `there is no ${noun} ${id}`);
