import * as E from 'fp-ts/lib/Either.js';
import { approval, type ApprovalState } from '../../domain/approval/approval.decider.ts';
import { streamOf } from '../../domain/kernel/ids.ts';
import type { Problem } from '../../domain/kernel/operation.ts';
import { tenantOf } from '../../domain/kernel/tenant.ts';
import { problem } from '../../problems.ts';
import type { CommandContext } from '../context.ts';
import { recall } from '../recall.ts';
import { problemOf } from '../refusals.ts';

/** An approval as its own stream has it, for a caller of its tenant. */
export const approvalNow = async (
  { engine }: CommandContext,
  id: string,
  tenant: string,
): Promise<ApprovalState | Problem> => {
  const { log, catalogue, remembered } = engine;
  const found = await recall(log, catalogue, remembered, approval, streamOf('approval', id));
  if (E.isLeft(found)) return problemOf(found.left);
  const { state, last } = found.right;
  const theirs = last !== undefined && tenantOf(last) === tenant;
  return state.paper === null || !theirs ? problem('not_found', `there is no approval ${id}`) : state;
};
