import { z } from 'zod';
import type { ApprovalPaper } from '../../domain/approval/approval.events.ts';
import { differences, type Action } from '../../domain/gate/action.ts';
import { actionOfStep } from '../../domain/gate/judge.ts';
import { Step } from '../../domain/gate/plan.ts';
import { idInput } from '../../domain/kernel/id.input.ts';
import { isProblem } from '../../domain/kernel/operation.ts';
import { command, type CommandContext } from '../context.ts';
import { materialsOf } from '../gate/materials.ts';
import { approvalNow } from './approval.now.ts';

const exampleId = '0198d7a0-0000-7000-8000-000000000012';

/** What would run now, under the registry and the policy of now; null where nothing would. */
const actionNow = async (
  { gate }: CommandContext,
  { capability_id, args, preconditions }: Action,
  { requested_by }: ApprovalPaper,
  tenant: string,
): Promise<Action | null> => {
  const compensation = preconditions['undone_by'] ?? null;
  const step = Step.parse({ kind: 'action', step_id: 'now', capability_id, args, compensation });
  const asked = { tenant, principal: requested_by, scope: '*', environment: gate.environment };
  const materials = await materialsOf(gate, asked, step, args, true);
  return materials.called?.fault == null ? actionOfStep(materials) : null;
};

export const recheckApproval = command({
  name: 'recheck_approval',
  kind: 'command',
  summary: 'Whether what would run is still what was asked for; nothing is recorded',
  scope: 'approvals:read',
  input: z.strictObject({ approval_id: idInput('approval') }),
  output: z.object({
    approval_id: z.uuid(),
    same: z.boolean(),
    /** Parts of the action that are not what they were; `capability` where it cannot be called at all. */
    differs: z.array(z.string()),
    preconditions: z.record(z.string(), z.json()),
    checked_at: z.iso.datetime(),
  }),
  http: { method: 'POST', path: '/approvals/{approval_id}/recheck', tag: 'approvals' },
  cli: 'approvals recheck',
  mcp: { tool: 'recheck_approval', read_only: true, destructive: false, idempotent: true },
  problems: ['not_found'],
  examples: [{ title: 'By id', input: { approval_id: exampleId } }],
  run: async (context, { approval_id }, { principal }) => {
    const known = await approvalNow(context, approval_id, principal.tenant);
    if (isProblem(known)) return known;
    const { paper } = known;
    const agreed = paper?.action ?? null;
    const now = paper === null || agreed === null ? null : await actionNow(context, agreed, paper, principal.tenant);
    const differs = agreed === null ? [] : now === null ? ['capability'] : [...differences(agreed, now)];
    const checked_at = new Date(context.engine.clock.now()).toISOString();
    const preconditions = now?.preconditions ?? {};
    return { output: { approval_id, same: differs.length === 0, differs, preconditions, checked_at } };
  },
});
