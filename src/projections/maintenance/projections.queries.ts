import { z } from 'zod';
import type { ProjectionStatus } from '../status.ts';
import { look, maintenance, tag } from './maintenance.ts';

const ProjectionShown = z.object({
  name: z.string(),
  version: z.int(),
  served_version: z.int().nullable(),
  state: z.string(),
  reason: z.string().nullable(),
  position: z.string(),
  head: z.string(),
  /** At least so many, where it is further behind than is kept in memory. */
  lag_events: z.int(),
  lag_seconds: z.number().nullable(),
  events_per_second: z.number(),
  parked: z.int(),
  leads: z.boolean(),
  operation_id: z.string().nullable(),
});

const shown = ({ rebuild, ...status }: ProjectionStatus): z.infer<typeof ProjectionShown> => ({
  ...status,
  served_version: status.served_version ?? null,
  reason: status.reason ?? null,
  position: status.position.toString(),
  head: status.head.toString(),
  lag_events: status.lag_events,
  lag_seconds: status.lag_seconds ?? null,
  operation_id: rebuild?.id ?? null,
});

export const listProjections = maintenance({
  name: 'list_projections',
  kind: 'query',
  summary: 'Read models: version, position, how far behind, and what is wrong',
  scope: look,
  input: z.strictObject({}),
  output: z.object({ data: z.array(ProjectionShown) }),
  http: { method: 'GET', path: '/projections', tag },
  cli: 'projections list',
  mcp: { tool: 'projections_list', toolset: 'ops', read_only: true, destructive: false, idempotent: true },
  examples: [{ title: 'All', input: {} }],
  run: async ({ projections }) => ({ output: { data: (await projections.status()).map(shown) } }),
});
