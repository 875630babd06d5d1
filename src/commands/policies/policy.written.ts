import { z } from 'zod';
import { PolicyDocument } from '../../domain/gate/policy.document.ts';
import type { ActivePolicy } from '../../domain/gate/question.ts';
import { digest } from '../../domain/kernel/digest.ts';
import type { Problem } from '../../domain/kernel/operation.ts';
import { problem } from '../../problems.ts';
import { locksOut } from './lock-out.ts';
import { activationSpec } from './policy.activation.ts';
import { policyOf } from './policy.source.ts';

/** Either the document itself, or its text as YAML or JSON, also in the older formats. */
export const Written = {
  document: PolicyDocument.optional(),
  source: z.string().max(131_072).optional(),
};

const { capability_id } = activationSpec;
const wayOut = `every call of ${capability_id} would be denied; add a rule for it that says require_approval`;

/** The document that is meant, if it can be read and leaves a way to put another one in force. */
export const documentOf = ({
  document,
  source,
}: {
  readonly document?: PolicyDocument | undefined;
  readonly source?: string | undefined;
}): PolicyDocument | Problem => {
  if ((document === undefined) === (source === undefined))
    return problem('validation_failed', 'either document or source', {
      more: { errors: [{ pointer: '#/source', message: 'either this or document' }] },
    });
  const found = document ?? policyOf(source ?? '');
  if ('code' in found) return found;
  const draft: ActivePolicy = { document: found, version: 1, digest: digest(found) };
  return locksOut(draft, activationSpec)
    ? problem('validation_failed', `under this policy nobody could put another one in force: ${wayOut}`, {
        more: { errors: [{ pointer: '#/rules', message: wayOut }] },
      })
    : found;
};
