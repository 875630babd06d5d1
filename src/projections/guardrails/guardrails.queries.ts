import { z } from 'zod';
import { query } from '../queries.ts';
import { instant } from '../shown.ts';
import type { GuardrailActivationRow } from './guardrail-activations.projection.ts';

const GuardrailShown = z.object({
  name: z.string(),
  description: z.string(),
  severity: z.string(),
  condition: z.record(z.string(), z.unknown()),
  priority: z.int().nullable(),
  active: z.boolean(),
  /** False for one that has fired and that the policy no longer names. */
  in_policy: z.boolean(),
  activation_count: z.int(),
  last_activated: instant.nullable(),
  last_decision_id: z.uuid().nullable(),
});
type GuardrailShown = z.infer<typeof GuardrailShown>;

const countersOf = (row: GuardrailActivationRow | undefined) => ({
  activation_count: row?.activation_count ?? 0,
  last_activated: row?.last_activated ?? null,
  last_decision_id: row?.last_decision_id ?? null,
});

const gone = (row: GuardrailActivationRow): GuardrailShown => ({
  name: row.name,
  description: '',
  severity: row.severity,
  condition: {},
  priority: null,
  active: false,
  in_policy: false,
  ...countersOf(row),
});

export const listGuardrails = query({
  name: 'list_guardrails',
  kind: 'query',
  summary: 'The guardrails that decisions are held against, and how often each has fired',
  description:
    'Those of the version of the policy that was put in force last, by priority; then those that have fired and that it does ' +
    'not name. They are changed by another version of the policy.',
  scope: 'decisions:read',
  input: z.strictObject({}),
  output: z.object({ guardrails: z.array(GuardrailShown), policy_version: z.int().nullable() }),
  reads: 'guardrail_activations',
  http: { method: 'GET', path: '/guardrails', tag: 'decisions' },
  cli: 'guardrails list',
  mcp: { tool: 'list_guardrails', read_only: true, destructive: false, idempotent: true },
  examples: [{ title: 'All', input: {} }],
  run: async ({ ask }, _, { principal: { tenant } }) => {
    const [version, fired] = await ask((db) =>
      Promise.all([
        db
          .selectFrom('policy_versions')
          .selectAll()
          .where('tenant', '=', tenant)
          .where('status', 'in', ['active', 'suspended'])
          .executeTakeFirst(),
        db.selectFrom('guardrail_activations').selectAll().where('tenant', '=', tenant).orderBy('name').execute(),
      ]),
    );
    const counted = new Map(fired.map((row) => [row.name, row]));
    const named = (version?.document.guardrails ?? []).toSorted((a, b) => a.priority - b.priority);
    const names = new Set(named.map(({ name }) => name));
    const guardrails = [
      ...named.map((rule) => ({ ...rule, in_policy: true, ...countersOf(counted.get(rule.name)) })),
      ...fired.filter(({ name }) => !names.has(name)).map(gone),
    ];
    return { output: { guardrails, policy_version: version?.version ?? null } };
  },
});
