import { randomUUID } from 'node:crypto';
import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { execute } from '../../../src/commands/execute.ts';
import { capabilityStream, registry } from '../../../src/commands/gate/registry.ts';
import { backTested, simulated, specsByDigest, type RecordedVerdict } from '../../../src/commands/policies/simulate.ts';
import { capability } from '../../../src/domain/capability/capability.decider.ts';
import type { CapabilitySpec } from '../../../src/domain/capability/capability.spec.ts';
import { digest } from '../../../src/domain/kernel/digest.ts';
import { policyOf, questionOf, ruleOf, specOf } from '../../gate/gate.story.ts';
import { engineOn, provenance } from '../engines.ts';
import { openLog } from '../setting.ts';

const log = await openLog();
const engine = engineOn(log);

const then = specOf({});
const now = specOf({ operation: 'delete', risk: 'high' });
const capability_key = randomUUID();
const offer = async (spec: CapabilitySpec): Promise<void> => {
  const command = {
    type: 'OfferCapability',
    capability_key,
    offer: { spec, source: 'standard', pin: null },
    unavailable: null,
  } as const;
  const outcome = await execute(engine, capability, capabilityStream(spec.capability_id), command, provenance());
  expect(E.isRight(outcome)).toBe(true);
};
await offer(then);
await offer(now);

const recorded = (changes: Partial<RecordedVerdict> = {}): RecordedVerdict => ({
  verdict_id: 'v1',
  question: questionOf(),
  spec_digest: digest(then),
  decision: 'allow',
  rule_id: 'all',
  at: '2026-11-21T12:00:00.000Z',
  ...changes,
});
const allowing = policyOf({ rules: [ruleOf('all')] });
const denying = policyOf({ rules: [ruleOf('no', { decision: 'deny' })] });

describe('a policy that is tried on what was judged', () => {
  it('is asked with the spec of then, not with the one of now', async () => {
    const [same] = await backTested(engine, allowing, [recorded()]);
    expect(same).toMatchObject({ before: 'allow', after: 'allow', changed: false, rule_after: 'all' });
    const [later] = await backTested(engine, allowing, [recorded({ spec_digest: digest(now) })]);
    expect(later).toMatchObject({ after: 'require_approval', changed: true });
  });

  it('says what would have been otherwise, in the order in which it was', async () => {
    const outcomes = await backTested(engine, denying, [recorded(), recorded({ verdict_id: 'v2', decision: 'deny' })]);
    expect(outcomes.map(({ verdict_id, changed }) => [verdict_id, changed])).toEqual([
      ['v1', true],
      ['v2', false],
    ]);
    expect(outcomes[0]).toMatchObject({ rule_before: 'all', rule_after: 'no', reason: 'no says so' });
  });

  it('holds what nobody had registered, or nobody knows any more, for unregistered', async () => {
    const strange = [recorded({ spec_digest: null }), recorded({ spec_digest: digest('another') })];
    for (const { after } of await backTested(engine, allowing, strange)) expect(after).toBe('deny');
    const specOfThen = specsByDigest(engine);
    expect(await specOfThen('io.fs.write_file', digest(then))).toEqual(then);
    expect(await specOfThen('io.fs.nothing', digest(then))).toBeUndefined();
  });
});

describe('two policies that are asked what nobody has asked yet', () => {
  it('answer by the registry as it is', async () => {
    const known = registry(engine, () => new Map());
    const questions = [questionOf(), questionOf({ capability_id: 'io.fs.nothing' })];
    const outcomes = await simulated(known, allowing, denying, questions);
    expect(outcomes.map(({ before, after, changed }) => [before, after, changed])).toEqual([
      ['require_approval', 'deny', true],
      ['deny', 'deny', false],
    ]);
  });
});
