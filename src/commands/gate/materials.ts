import * as E from 'fp-ts/lib/Either.js';
import { agent } from '../../domain/agent/agent.decider.ts';
import type { CapabilitySpec } from '../../domain/capability/capability.spec.ts';
import type { Action } from '../../domain/gate/action.ts';
import type { Materials, Parsed } from '../../domain/gate/materials.ts';
import type { ActionStep, Step } from '../../domain/gate/plan.ts';
import type { GatePrincipal } from '../../domain/gate/principal.ts';
import type { Question } from '../../domain/gate/question.ts';
import { filledCharsMax, hasTemplates } from '../../domain/gate/templates.ts';
import { streamOf } from '../../domain/kernel/ids.ts';
import { tenantOf } from '../../domain/kernel/tenant.ts';
import type { Engine } from '../execute.ts';
import { recall } from '../recall.ts';
import { standsFor } from './grant-standing.ts';
import { policyInForce } from './policy-in-force.ts';
import type { Registry, Standing } from './registry.ts';

/** What the gate is asked with is found by these. */
export interface GateParts {
  readonly engine: Engine;
  readonly registry: Registry;
  /** A live grant that covers the question, if there is one: a hint, for its own stream decides when it is used. */
  readonly grantFor: (tenant: string, question: Question) => Promise<string | null>;
  /** Budgets that limit an agent of a tenant. */
  readonly budgetsOf: (tenant: string, agent_id: string | null) => Promise<readonly string[]>;
}

interface Asked {
  readonly tenant: string;
  readonly principal: GatePrincipal;
  readonly scope: string;
  readonly environment: string;
}

const parsedBy = async (
  { code }: Standing,
  spec: CapabilitySpec,
  given: Action['args'],
  filled: boolean,
): Promise<Parsed> => {
  const unknown = { spec, args: given, fault: null, preconditions: {} };
  // What templates will fill in is not known yet: it is parsed when it is. What is left of them then is plain text.
  if (!filled && hasTemplates(given)) return unknown;
  if (JSON.stringify(given).length > filledCharsMax)
    return { ...unknown, args: {}, fault: `the arguments are beyond ${filledCharsMax} characters of JSON` };
  if (code === undefined) return { ...unknown, fault: `this node has no code for ${spec.capability_id}` };
  const accepted = code.accepts(given);
  if (!accepted.ok) return { ...unknown, fault: accepted.message };
  const args = accepted.args as Action['args'];
  const preconditions = ((await code.preconditions?.(args)) ?? {}) as Action['preconditions'];
  return { spec, args, fault: null, preconditions };
};

/** What undoes a step: what its plan says, or what its capability declares, which is then given what was done and what came of it. */
const undoingOf = (step: ActionStep, spec: CapabilitySpec, args: Action['args']): ActionStep['compensation'] => {
  if (step.compensation !== null) return step.compensation;
  const { supported, capability_id } = spec.compensation;
  return supported && capability_id !== null ? { capability_id, args: { ...args, undone_result: '{{result}}' } } : null;
};

/** Whether an agent may go on, by its own stream; whoever is no agent may. */
const agentPhase = async (
  { log, catalogue, remembered }: Engine,
  { type, id }: GatePrincipal,
  tenant: string,
): Promise<Materials['agent']> => {
  if (type === 'user') return 'active';
  const found = await recall(log, catalogue, remembered, agent, streamOf('agent', id));
  if (E.isLeft(found) || found.right.last === undefined || tenantOf(found.right.last) !== tenant) return 'unknown';
  const { phase } = found.right.state;
  return phase === 'unregistered' ? 'unknown' : phase;
};

/**
 * Everything that the gate's answer for a step depends on, read from the log now. The gate itself is pure: what is gathered
 * here is recorded with its answer. `filled` says that nothing will be filled into the arguments any more. Throws the log's
 * errors.
 */
export const materialsOf = async (
  { engine, registry, grantFor, budgetsOf }: GateParts,
  { tenant, principal, scope, environment }: Asked,
  step: Step,
  args: Action['args'],
  filled: boolean,
): Promise<Materials> => {
  const [active, phase] = await Promise.all([policyInForce(engine, tenant), agentPhase(engine, principal, tenant)]);
  const about = { active, agent: phase, life: engine.life };
  if (step.kind === 'human_approval')
    return { ...about, called: null, standing: 'none', undoing: null, grant_id: null, budget_ids: [] };
  const standing = await registry.find(step.capability_id);
  const called = standing.spec === null ? null : await parsedBy(standing, standing.spec, args, filled);
  const declared = called === null ? null : undoingOf(step, called.spec, called.args);
  const undoer = declared === null ? null : await registry.find(declared.capability_id);
  const undoing =
    declared === null || undoer?.spec == null
      ? null
      : { spec: undoer.spec, args: declared.args, fault: null, preconditions: {} };
  // What is said to undo it cannot be called: then nothing does, and the gate has to know.
  const missing = declared !== null && undoing === null ? { undoing_missing: declared.capability_id } : {};
  const question = {
    principal,
    capability_id: step.capability_id,
    args: called?.args ?? args,
    scope,
    environment,
    budget_micros: null,
  };
  const agent_id = principal.type === 'agent' ? principal.id : null;
  const [held, budget_ids] = await Promise.all([grantFor(tenant, question), budgetsOf(tenant, agent_id)]);
  const brought = step.compensation === null ? null : undoing;
  const stands = held !== null && (await standsFor(engine, held, question, called?.spec, brought, active));
  const grant_id = stands ? held : null;
  return { ...about, called, standing: standing.standing, undoing, ...missing, grant_id, budget_ids };
};

/** The part of it that concerns one call by itself, whose arguments are whole: what undoes a step. Throws the log's errors. */
export const materialsOfCall = async (
  { engine, registry }: Pick<GateParts, 'engine' | 'registry'>,
  tenant: string,
  { capability_id, args }: Pick<Action, 'capability_id' | 'args'>,
): Promise<Pick<Materials, 'active' | 'called'>> => {
  const [active, standing] = await Promise.all([policyInForce(engine, tenant), registry.find(capability_id)]);
  const called = standing.spec === null ? null : await parsedBy(standing, standing.spec, args, true);
  return { active, called };
};
