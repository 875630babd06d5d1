import { z } from 'zod';
import { operation } from '../../domain/kernel/operation.ts';
import { problem } from '../../problems.ts';
import type { QueryContext } from '../queries.ts';

/** One thing that must work, and how it does. */
export const Check = z.object({ name: z.string(), ok: z.boolean(), detail: z.string() });
export type Check = z.infer<typeof Check>;

export const About = z.object({
  name: z.literal('acta'),
  version: z.string(),
  node: z.string(),
  log: z.enum(['embedded', 'eventstoredb']),
  read_models: z.enum(['pglite', 'postgresql']),
  model: z.object({ provider: z.string(), name: z.string() }),
});
export type About = z.infer<typeof About>;

/** What the system says of itself. */
export interface SystemContext extends QueryContext {
  readonly about: About;
  /** Whether callers need keys. */
  readonly keys_required: boolean;
  /** The database of the read models, asked now. */
  readonly health: () => Promise<Check>;
  /** Everything requests need: the log, the database, the read models. */
  readonly readiness: () => Promise<readonly Check[]>;
  /** In Prometheus' text format. */
  readonly metrics: () => Promise<string>;
}

const query = operation<SystemContext>();
const tag = 'system';
const nothing = z.strictObject({});
const anything = [{ title: 'As it is', input: {} }];

export const getHealth = query({
  name: 'get_health',
  kind: 'query',
  summary: 'Whether this process is well: it asks its database',
  scope: null,
  input: nothing,
  output: z.object({ status: z.literal('healthy'), keys_required: z.boolean() }),
  http: { method: 'GET', path: '/health', tag },
  problems: ['not_ready'],
  examples: anything,
  run: async ({ health, keys_required }) => {
    const check = await health();
    return check.ok
      ? { output: { status: 'healthy' as const, keys_required } }
      : problem('not_ready', check.detail, { more: { reasons: [check], error: check.detail } });
  },
});

export const getReadiness = query({
  name: 'get_readiness',
  kind: 'query',
  summary: 'Whether requests should be sent here, and if not, why',
  scope: null,
  input: nothing,
  output: z.object({ status: z.literal('ready'), checks: z.array(Check) }),
  http: { method: 'GET', path: '/ready', tag },
  problems: ['not_ready'],
  examples: anything,
  run: async ({ readiness }) => {
    const checks = [...(await readiness())];
    const reasons = checks.filter(({ ok }) => !ok);
    return reasons.length === 0
      ? { output: { status: 'ready' as const, checks } }
      : problem('not_ready', reasons.map(({ name, detail }) => `${name}: ${detail}`).join('; '), { more: { reasons } });
  },
});

export const getVersion = query({
  name: 'get_version',
  kind: 'query',
  summary: 'What runs here',
  scope: null,
  input: nothing,
  output: About,
  http: { method: 'GET', path: '/version', tag },
  examples: anything,
  run: ({ about }) => Promise.resolve({ output: about }),
});

export const getMetrics = query({
  name: 'get_metrics',
  kind: 'query',
  summary: 'Everything that is measured, for Prometheus',
  scope: null,
  input: nothing,
  output: z.string(),
  text: 'text/plain; version=0.0.4; charset=utf-8',
  http: { method: 'GET', path: '/metrics', tag },
  examples: anything,
  run: async ({ metrics }) => ({ output: await metrics() }),
});

export const systemQueries = [getHealth, getReadiness, getVersion, getMetrics] as const;
