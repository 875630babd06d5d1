import * as E from 'fp-ts/lib/Either.js';
import { noPolicy } from '../../domain/gate/no-policy.ts';
import type { ActivePolicy } from '../../domain/gate/question.ts';
import { derived, streamOf } from '../../domain/kernel/ids.ts';
import { judgesNow, policy } from '../../domain/policy/policy.decider.ts';
import type { Engine } from '../execute.ts';
import { recall } from '../recall.ts';

/** A tenant has one policy, in as many versions as it likes (decision 0013). */
export const policyIdOf = (tenant: string): string => derived('policy', tenant);
export const policyStream = (tenant: string): string => streamOf('policy', policyIdOf(tenant));

/** The policy that judges now, from the log itself; where none is in force, or it cannot be read, nothing is allowed. */
export const policyInForce = async ({ log, catalogue, remembered }: Engine, tenant: string): Promise<ActivePolicy> => {
  const found = await recall(log, catalogue, remembered, policy, policyStream(tenant));
  return E.isLeft(found) ? noPolicy : judgesNow(found.right.state);
};
