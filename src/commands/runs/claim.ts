import * as E from 'fp-ts/lib/Either.js';
import { approval } from '../../domain/approval/approval.decider.ts';
import { grant } from '../../domain/grant/grant.decider.ts';
import type { Decider } from '../../domain/kernel/decider.ts';
import type { Event } from '../../domain/kernel/event.ts';
import { digest } from '../../domain/kernel/digest.ts';
import { derived, streamOf } from '../../domain/kernel/ids.ts';
import type { Claims } from '../../domain/run/run.commands.ts';
import type { ClaimEffect } from '../../domain/run/run.process.ts';
import { policyInForce } from '../gate/policy-in-force.ts';
import type { GateParts } from '../gate/materials.ts';
import { released, setAside, type Wanted } from '../budgets/set-aside.ts';
import { execute, type Engine, type Receipt } from '../execute.ts';
import { refused, type Perform, type Performed } from '../flights.ts';
import type { Matter } from '../record.ts';
import { throughOutages } from '../outage.ts';

interface Claim {
  readonly engine: Engine;
  readonly tenant: string;
  readonly effect: ClaimEffect;
  /** When it is asked for, the same for all that is asked for. */
  readonly at: string;
  /** The matter of the run, and the event because of which this is asked. */
  readonly matter: Matter;
}

/** Asks an aggregate in the name of a run's step; asked again after a crash, it is the same command. */
const asked = <Command, State, Ev extends Event, Refusal>(
  { engine, tenant, effect, matter }: Claim,
  decider: Decider<Command, State, Ev, Refusal>,
  stream: string,
  command: Command,
  what: string,
): Promise<E.Either<unknown, Receipt<State>>> =>
  execute(engine, decider, stream, command, {
    command_id: derived('claim', effect.key, what, stream),
    actor: 'process:run',
    tenant,
    ...matter,
  });

const refusalOf = (left: unknown): string => (left as { readonly reason?: string }).reason ?? 'refused';

const why: Readonly<Record<string, string>> = {
  ApprovalIsExpired: 'approval_expired',
  ActionChanged: 'approval_invalidated',
  ApprovalNotGranted: 'approval_missing',
};

/** Takes the approval for this call: its own stream says whether it can still be had (assurance 1.3). */
const takeApproval = async (claim: Claim): Promise<Performed | undefined> => {
  const { approval_id, run_id, step_id, action } = claim.effect;
  if (approval_id === null) return undefined;
  const use = { type: 'UseApproval', run_id, step_id, action_digest: action.action_digest, at: claim.at } as const;
  const outcome = await asked(claim, approval, streamOf('approval', approval_id), use, 'approval');
  if (E.isRight(outcome)) return undefined;
  const { reason, ending } = outcome.left as { readonly reason: string; readonly ending?: string };
  return refused(
    why[reason] ?? `approval_${ending ?? 'refused'}`,
    `the approval ${approval_id} cannot be used: ${ending ?? reason}`,
  );
};

const takeGrant = async (claim: Claim): Promise<Performed | undefined> => {
  const { grant_id, run_id, step_id, principal, scope, environment, action, attempt } = claim.effect;
  if (grant_id === null || principal === null) return undefined;
  const question = {
    principal,
    capability_id: action.capability_id,
    args: action.args,
    scope,
    environment,
    budget_micros: null,
  };
  // Attempts of one call are one use.
  const use_id = derived('use', run_id, step_id);
  const use = { type: 'UseGrant', use_id, question, at: claim.at, for: `${run_id}/${step_id}` } as const;
  const outcome = await asked(claim, grant, streamOf('grant', grant_id), use, `grant:${attempt}`);
  return E.isRight(outcome)
    ? undefined
    : refused('grant_unusable', `the grant ${grant_id} cannot be used: ${refusalOf(outcome.left)}`);
};

/** Who sets room aside, and what for. */
export const wantedBy = ({
  tenant,
  effect: { run_id, step_id, key, callee, principal },
  at,
  matter,
}: Pick<Claim, 'tenant' | 'at' | 'matter'> & {
  readonly effect: Pick<ClaimEffect, 'run_id' | 'step_id' | 'key' | 'callee' | 'principal'>;
}): Wanted => {
  return {
    key,
    actor: 'process:run',
    tenant,
    matter,
    agent_id: principal?.type === 'agent' ? principal.id : null,
    micros: callee.cost_micros,
    tokens: 0,
    for: `${run_id}/${step_id}`,
    at,
  };
};

/** What is not as it was when the gate was asked; null where all is: a pause or an outage may lie between (assurance F86). */
const changedSince = async (
  { engine, registry }: ClaimParts,
  { tenant, effect: { action } }: Claim,
): Promise<string | null> => {
  const [active, { spec }] = await Promise.all([policyInForce(engine, tenant), registry.find(action.capability_id)]);
  if (active.digest !== action.policy_digest) return 'another policy is in force than the one that it was judged by';
  if (spec === null) return `${action.capability_id} cannot be called any more`;
  return digest(spec) === action.spec_digest
    ? null
    : `${action.capability_id} is described otherwise than when it was judged`;
};

type ClaimParts = Pick<GateParts, 'engine' | 'registry'>;

/**
 * Takes what a call needs before it is intended: the budget first, for it can be given back; then the grant and the
 * approval, which are used once. Where one cannot be had, or what was judged has changed, nothing is called.
 */
export const claimFor =
  (parts: ClaimParts): Perform<ClaimEffect> =>
  (effect, { tenant, signal, matter }) =>
    throughOutages(async () => {
      const { engine } = parts;
      const at = new Date(engine.clock.now()).toISOString();
      const claim: Claim = { engine, tenant, effect, at, matter };
      const wanted = wantedBy(claim);
      const reservations = await setAside(engine, effect.budget_ids, wanted);
      if ('short' in reservations) return refused('budget_exceeded', reservations.short);
      const { life } = engine;
      const changed = await changedSince(parts, claim);
      const missing = changed === null ? ((await takeGrant(claim)) ?? (await takeApproval(claim))) : undefined;
      if (changed === null && missing === undefined)
        return { ok: true, result: { reservations, life, changed } satisfies Claims };
      await released(engine, wanted, reservations, 'nothing was called');
      return missing ?? { ok: true, result: { reservations: [], life, changed } satisfies Claims };
    }, signal);
