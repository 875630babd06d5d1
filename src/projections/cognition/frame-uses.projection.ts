import { tenantOf } from '../../domain/kernel/tenant.ts';
import type { SessionEvent } from '../../domain/session/session.events.ts';
import { projection } from '../projection.ts';

export interface FrameUseRow {
  readonly agent_id: string;
  readonly frame_id: string;
  readonly tenant: string;
  readonly uses: number;
  readonly last_used: string;
}

/** How often each agent took each frame (requirements N111, N113). */
export const frameUses = projection<FrameUseRow, SessionEvent>({
  name: 'frame_uses',
  version: 1,
  table: (t) =>
    t
      .addColumn('agent_id', 'uuid', (c) => c.notNull())
      .addColumn('frame_id', 'text', (c) => c.notNull())
      .addColumn('tenant', 'text', (c) => c.notNull())
      .addColumn('uses', 'integer', (c) => c.notNull())
      .addColumn('last_used', 'timestamptz', (c) => c.notNull())
      .addPrimaryKeyConstraint('frame_uses_pkey', ['agent_id', 'frame_id']),
  key: (event) => {
    if (event.type !== 'ContextAssembled') return null;
    const { agent_id, plan } = event.data;
    return agent_id === null || plan.frame === null ? null : { agent_id, frame_id: plan.frame.frame_id };
  },
  on: {
    ContextAssembled: (row, event) => {
      const { agent_id, plan } = event.data;
      return {
        agent_id: agent_id ?? '',
        frame_id: plan.frame?.frame_id ?? '',
        tenant: tenantOf(event),
        uses: (row?.uses ?? 0) + 1,
        last_used: event.recorded_at,
      };
    },
  },
});
