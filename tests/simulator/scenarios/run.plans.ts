import type { DirectiveContent } from '../../../src/domain/directive/directive.events.ts';
import { Plan } from '../../../src/domain/gate/plan.ts';
import type { PolicyDocument } from '../../../src/domain/gate/policy.document.ts';
import type { GatePrincipal } from '../../../src/domain/gate/principal.ts';
import type { Chance } from '../world/chance.ts';

const callable = ['sim.look', 'sim.put', 'sim.pay', 'sim.order', 'sim.mail', 'sim.put', 'sim.pay', 'sim.mail'];
/** So that everything that waits for a person ends within the time that healing may take. */
const expiryMs = { least: 20_000, most: 150_000 };

const args = (chance: Chance, before: string | undefined): Record<string, never> | Record<string, unknown> => ({
  amount: chance.below(100),
  ...(before !== undefined && chance.happens(0.5) ? { of: `{{${before}.ref}}` } : {}),
  ...(chance.happens(0.03) ? { wrong: true } : {}),
});

const stepOf = (chance: Chance, n: number): unknown => {
  const before = n > 0 && chance.happens(0.6) ? `s${chance.below(n)}` : undefined;
  const order = { step_id: `s${n}`, depends_on: before === undefined ? [] : [before] };
  if (n > 0 && chance.happens(0.1)) return { kind: 'human_approval', message: 'Is this right?', ...order };
  const compensation = chance.happens(0.15)
    ? { capability_id: 'sim.refund', args: { of: '{{result.ref}}' } }
    : undefined;
  return {
    kind: 'action',
    capability_id: chance.pick(callable),
    args: args(chance, before),
    on_error: chance.happens(0.15) ? 'continue' : 'abort',
    ...order,
    ...(compensation === undefined ? {} : { compensation }),
  };
};

/** What somebody wants: one step or several, that depend on each other, speak of each other, and undo each other. */
export const contentOf = (chance: Chance, agent_id: string | null): DirectiveContent => {
  const steps = chance.happens(0.4) ? 1 : chance.between(2, 4);
  return {
    objective: 'Something is to be done',
    agent_id,
    scope: chance.happens(0.95) ? 'development' : 'production',
    plan: Plan.parse({
      steps: Array.from({ length: steps }, (_, n) => stepOf(chance, n)),
      retry: { attempts_max: 3, first_ms: 200, longest_ms: 5_000 },
      time_limit_ms: chance.between(30_000, 240_000),
      auto_rollback: chance.happens(0.85),
      budget_micros: chance.happens(0.2) ? chance.between(20, 400) : null,
      stakes: chance.happens(0.1) ? 'high' : null,
    }),
    constraints: null,
    success_metrics: null,
  };
};

/** Policies as people change them: some careful, some strict, some safe. */
export const policyOf = (chance: Chance, name: string): PolicyDocument => ({
  name,
  description: '',
  budget_ceiling_micros: null,
  capability_allowlist: chance.happens(0.85) ? null : ['sim.look', 'sim.p*', 'sim.refund'],
  scope_allowlist: ['development'],
  safe_mode: chance.happens(0.03),
  rules: [
    { rule_id: 'low', when: { risk_levels: ['low'] }, decision: 'allow', reason: 'it is of low risk' },
    {
      rule_id: 'some',
      when: { arguments: [{ path: 'amount', is: 'at_least', value: chance.between(60, 99) }] },
      decision: chance.pick(['require_approval', 'require_approval', 'deny']),
      reason: 'it is much',
    },
    { rule_id: 'medium', when: { risk_levels: ['medium'] }, decision: 'warn', reason: 'it can be undone' },
    { rule_id: 'risky', when: { risk_levels: ['high', 'critical'] }, decision: 'require_approval', reason: 'it is' },
  ],
  otherwise: 'deny',
  guardrails: [],
  approval: {
    quorum: chance.happens(0.2) ? 2 : 1,
    roles: ['lead'],
    expires_in_ms: chance.between(expiryMs.least, expiryMs.most),
    reason_required: false,
    four_eyes: true,
    webhook: chance.happens(0.2),
    over_mcp: 'asked',
  },
});

export const principalOf = (agent_id: string): GatePrincipal => ({
  type: 'agent',
  id: agent_id,
  roles: [],
  permissions: [],
  chain: [`agent:${agent_id}`, 'key:client'],
});
