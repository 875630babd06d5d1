import type { AgentEvent } from '../../domain/agent/agent.events.ts';
import type { Frame } from '../../domain/cognition/frames.ts';
import { projection } from '../projection.ts';
import { touched } from '../touched.ts';

export interface AgentRow {
  readonly agent_id: string;
  readonly tenant: string;
  readonly status: string;
  readonly name: string;
  readonly description: string;
  readonly identity_prompt: string;
  readonly model: string | null;
  readonly max_tokens: number;
  readonly context_tokens: number;
  readonly capabilities: readonly string[];
  readonly frames: readonly Frame[] | null;
  readonly scope: string;
  readonly revision: number;
  readonly position: bigint;
  readonly created_at: string;
  readonly updated_at: string;
}

/** Every agent that was ever registered, as it is now. */
export const agents = projection<AgentRow, AgentEvent>({
  name: 'agents',
  version: 3,
  table: (t) =>
    t
      .addColumn('agent_id', 'uuid', (c) => c.primaryKey())
      .addColumn('tenant', 'text', (c) => c.notNull())
      .addColumn('status', 'text', (c) => c.notNull())
      .addColumn('name', 'text', (c) => c.notNull())
      .addColumn('description', 'text', (c) => c.notNull())
      .addColumn('identity_prompt', 'text', (c) => c.notNull())
      .addColumn('model', 'text')
      .addColumn('max_tokens', 'integer', (c) => c.notNull())
      .addColumn('context_tokens', 'integer', (c) => c.notNull())
      .addColumn('capabilities', 'jsonb', (c) => c.notNull())
      .addColumn('frames', 'jsonb')
      .addColumn('scope', 'text', (c) => c.notNull())
      .addColumn('revision', 'integer', (c) => c.notNull())
      .addColumn('position', 'bigint', (c) => c.notNull())
      .addColumn('created_at', 'timestamptz', (c) => c.notNull())
      .addColumn('updated_at', 'timestamptz', (c) => c.notNull()),
  key: ({ data }) => data.agent_id,
  on: {
    AgentRegistered: (_, { data, metadata, revision, position, recorded_at }) => ({
      ...data,
      frames: data.frames ?? null,
      tenant: metadata['tenant'] ?? 'default',
      status: 'active',
      revision,
      position,
      created_at: recorded_at,
      updated_at: recorded_at,
    }),
    AgentRevised: (row, event) => touched(row, event, event.data.changes as Partial<AgentRow>),
    AgentPaused: (row, event) => touched(row, event, { status: 'paused' }),
    AgentResumed: (row, event) => touched(row, event, { status: 'active' }),
    AgentStopped: (row, event) => touched(row, event, { status: 'stopped' }),
    AgentRetired: (row, event) => touched(row, event, { status: 'retired' }),
  },
});
