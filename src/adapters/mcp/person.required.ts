import { problem } from '../../problems.ts';
import type { Arguments } from './arguments.ts';
import { addressOf } from './arguments.ts';
import { documentOf } from './problem.ts';
import { membersOf } from './result.ts';
import type { OperationTool } from './tool.ts';
import type { Ask } from './visit.ts';

/** Risks that a program may not agree to: over this protocol nobody sees whether a person answered (interfaces 4.5). */
const forPeople: ReadonlySet<unknown> = new Set(['high', 'critical']);

/** The refusal of a vote that takes a person; undefined where it may be cast, or where the server has reasons of its own. */
export const personRequired = async (
  { operation }: OperationTool,
  { approval_id }: Arguments,
  ask: Ask,
): Promise<Record<string, unknown> | undefined> => {
  if (operation.name !== 'decide_approval') return undefined;
  const address = addressOf({ http: { method: 'GET', path: '/approvals/{approval_id}', tag: '' } }, { approval_id });
  if ('missing' in address) return undefined;
  const { status, body } = await ask({ method: 'GET', path: address.path });
  // What cannot be looked at cannot be agreed to either.
  if (status !== 200) return status === 404 ? undefined : membersOf(body);
  const { risk_level } = membersOf(body);
  if (!forPeople.has(risk_level)) return undefined;
  return documentOf(
    problem('person_required', `its risk is ${String(risk_level)}: acta approve shows it to the person who decides`, {
      more: { risk_level },
    }),
  );
};
