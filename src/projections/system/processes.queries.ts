import { z } from 'zod';
import { operation } from '../../domain/kernel/operation.ts';
import type { ProcessStanding } from '../../ports.ts';

/** What questions about processes are answered with. */
export interface ProcessesContext {
  readonly processes: (limit: number) => Promise<readonly ProcessStanding[]>;
}

const query = operation<ProcessesContext>();
const processesMax = 500;

const ProcessShown = z.object({
  stream: z.string(),
  kind: z.string(),
  state: z.enum(['held', 'due', 'resting', 'stuck']).meta({
    description: 'Driven by its owner; waiting for its time; waiting for an event; or given up until somebody looks.',
  }),
  /** What went wrong when it was last driven; null where nothing did. */
  fault: z.string().nullable(),
  owner: z.string().nullable(),
  lease_until: z.string().nullable(),
  due_at: z.string().nullable(),
});

const instant = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());

const shown = ({ stream, kind, due_at, owner, lease_until, fault }: ProcessStanding): z.infer<typeof ProcessShown> => {
  const idle = fault === null ? 'resting' : 'stuck';
  const state = owner !== null ? 'held' : due_at !== null ? 'due' : idle;
  return { stream, kind, state, fault, owner, lease_until: instant(lease_until), due_at: instant(due_at) };
};

export const listProcesses = query({
  name: 'list_processes',
  kind: 'query',
  summary: 'Processes that have not ended: who drives them, until when they wait, and what is wrong with them',
  description: 'Those with a fault come first. A process that has ended is not listed: its stream says how.',
  scope: 'projections:read',
  input: z.strictObject({ limit: z.int().min(1).max(processesMax).default(50) }),
  output: z.object({ data: z.array(ProcessShown) }),
  http: { method: 'GET', path: '/processes', tag: 'system' },
  cli: 'processes list',
  mcp: { tool: 'processes_list', toolset: 'ops', read_only: true, destructive: false, idempotent: true },
  examples: [{ title: 'The first fifty', input: { limit: 50 } }],
  run: async ({ processes }, { limit }) => ({ output: { data: (await processes(limit)).map(shown) } }),
});
