import * as E from 'fp-ts/lib/Either.js';
import type { CapabilitySpec } from '../../domain/capability/capability.spec.ts';
import { authorize } from '../../domain/gate/authorize.ts';
import type { Parsed } from '../../domain/gate/materials.ts';
import type { ActivePolicy, Question } from '../../domain/gate/question.ts';
import { grant, suffices } from '../../domain/grant/grant.decider.ts';
import { streamOf } from '../../domain/kernel/ids.ts';
import type { Engine } from '../execute.ts';
import { recall } from '../recall.ts';

/**
 * Whether a grant that covers a call is the agreement that the policy asks for: a grant of somebody without the role, or of
 * one where two have to agree, is none. Nor does it stand for what the plan itself brings to undo the step: whoever gave it
 * has agreed to the call, and not to another one that only the requester chose. Throws the log's errors.
 */
export const standsFor = async (
  { log, catalogue, remembered }: Engine,
  grant_id: string,
  question: Question,
  spec: CapabilitySpec | undefined,
  brought: Parsed | null,
  active: ActivePolicy,
): Promise<boolean> => {
  if (brought !== null) {
    const undoing = { ...question, capability_id: brought.spec.capability_id, args: brought.args };
    if (authorize(undoing, brought.spec, active).approval !== null) return false;
  }
  const { approval } = authorize(question, spec, active);
  if (approval === null) return true;
  const found = await recall(log, catalogue, remembered, grant, streamOf('grant', grant_id));
  return E.isRight(found) && suffices(found.right.state, approval);
};
