import type { DirectiveCommand, StepMaterials } from '../../domain/directive/directive.commands.ts';
import type { Plan } from '../../domain/gate/plan.ts';
import type { GatePrincipal } from '../../domain/gate/principal.ts';
import { materialsOf, type GateParts } from './materials.ts';

type Proposal = Extract<DirectiveCommand, { type: 'ProposeDirective' }>['proposal'];

/** Where this node acts, and what the gate is asked with. */
export interface Gate extends GateParts {
  /** `development`, `production`, …: policies may speak of it. */
  readonly environment: string;
}

/** What the gate is asked with for every step of a plan, read from the log once. */
export const planMaterials = async (
  gate: Gate,
  tenant: string,
  principal: GatePrincipal,
  scope: string,
  { steps }: Plan,
): Promise<StepMaterials> => {
  const asked = { tenant, principal, scope, environment: gate.environment };
  const alone = steps.length === 1;
  const found = await Promise.all(
    steps
      .filter((step) => step.kind === 'action')
      .map(async (step) => [step.step_id, await materialsOf(gate, asked, step, step.args, alone)] as const),
  );
  return Object.fromEntries(found);
};

/** A proposal with everything that the gate's word on it depends on. */
export const proposalOf = async (
  gate: Gate,
  tenant: string,
  principal: GatePrincipal,
  { scope, plan }: { readonly scope: string; readonly plan: Plan },
): Promise<Proposal> => ({
  principal,
  environment: gate.environment,
  materials: await planMaterials(gate, tenant, principal, scope, plan),
  at: new Date(gate.engine.clock.now()).toISOString(),
});
