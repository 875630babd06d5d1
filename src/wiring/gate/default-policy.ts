import { readFile } from 'node:fs/promises';
import * as E from 'fp-ts/lib/Either.js';
import { execute, type Engine } from '../../commands/execute.ts';
import { policyIdOf, policyStream } from '../../commands/gate/policy-in-force.ts';
import { documentOf } from '../../commands/policies/policy.written.ts';
import { recall } from '../../commands/recall.ts';
import { standardGuardrails } from '../../domain/gate/guardrail.ts';
import { standardTerms, type PolicyDocument } from '../../domain/gate/policy.document.ts';
import { derived } from '../../domain/kernel/ids.ts';
import { policy } from '../../domain/policy/policy.decider.ts';

const tenant = 'default';

/**
 * What is in force on a machine where nobody has said anything: reading is allowed, what can be undone is allowed and noted,
 * everything else needs somebody to agree (requirements D22, C9, W32).
 */
const careful: PolicyDocument = {
  name: 'careful',
  description: 'Reading is allowed, what can be undone is noted, and what is risky needs somebody to agree.',
  budget_ceiling_micros: 100_000_000,
  capability_allowlist: null,
  scope_allowlist: ['test', 'development', 'staging'],
  safe_mode: false,
  rules: [
    { rule_id: 'low', when: { risk_levels: ['low'] }, decision: 'allow', reason: 'it is of low risk' },
    {
      rule_id: 'medium',
      when: { risk_levels: ['medium'] },
      decision: 'warn',
      reason: 'it is of medium risk, and can be undone',
    },
    {
      rule_id: 'risky',
      when: { risk_levels: ['high', 'critical'] },
      decision: 'require_approval',
      reason: 'it is of high or critical risk',
    },
  ],
  otherwise: 'deny',
  approval: standardTerms,
  guardrails: [...standardGuardrails],
};

const fromFile = async (file: string): Promise<PolicyDocument> => {
  const document = documentOf({ source: await readFile(file, 'utf8') });
  if ('code' in document) throw new Error(`ACTA_POLICY ${file}: ${document.detail}`);
  return document;
};

/** Puts a first policy in force where there never was one; whatever people have drafted since is theirs. */
export const installPolicy = async (engine: Engine, file: string | undefined): Promise<void> => {
  const stream = policyStream(tenant);
  const known = await recall(engine.log, engine.catalogue, engine.remembered, policy, stream);
  if (E.isLeft(known) || known.right.tail.revision >= 0) return;
  const document = file === undefined ? careful : await fromFile(file);
  const about = (what: string) => {
    const command_id = derived('first policy', tenant, what);
    return { command_id, actor: 'system:start', tenant, correlation_id: command_id };
  };
  const drafting = { type: 'DraftPolicy', policy_id: policyIdOf(tenant), document, note: 'the first policy' } as const;
  const draft = await execute(engine, policy, stream, drafting, about('draft'));
  if (E.isLeft(draft)) throw new Error(`the first policy cannot be drafted: ${JSON.stringify(draft.left)}`);
  const [first] = draft.right.state.drafts;
  if (first === undefined) return;
  const activating = {
    type: 'ActivatePolicy',
    version: first.version,
    digest: first.digest,
    reason: 'the first policy',
  } as const;
  const active = await execute(engine, policy, stream, activating, about('activate'));
  if (E.isLeft(active)) throw new Error(`the first policy cannot be put in force: ${JSON.stringify(active.left)}`);
};
