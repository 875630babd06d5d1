import * as E from 'fp-ts/lib/Either.js';
import type { CapabilitySpec } from '../../domain/capability/capability.spec.ts';
import { authorize } from '../../domain/gate/authorize.ts';
import type { ActivePolicy, Question } from '../../domain/gate/question.ts';
import type { Verdict } from '../../domain/gate/verdict.ts';
import type { Engine } from '../execute.ts';
import { capabilityStream, type Registry } from '../gate/registry.ts';

/** Thousands of verdicts under hundreds of rules take a while, in which others want to be answered. */
const letOthers = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A verdict as it was recorded, with what it was asked with. */
export interface RecordedVerdict {
  readonly verdict_id: string;
  readonly question: Question;
  readonly spec_digest: string | null;
  readonly decision: Verdict['decision'];
  readonly rule_id: string | null;
  readonly at: string;
}

/** What a policy would have said of something, beside what was said. */
export interface Simulated {
  readonly verdict_id: string | null;
  readonly capability_id: string;
  readonly before: Verdict['decision'] | null;
  readonly after: Verdict['decision'];
  readonly rule_before: string | null;
  readonly rule_after: string | null;
  readonly reason: string;
  readonly changed: boolean;
}

/** Specs as they were when something was judged, found by their digest in the registry's own streams. */
export const specsByDigest = ({ log, catalogue }: Engine) => {
  const known = new Map<string, ReadonlyMap<string, CapabilitySpec>>();
  const streamOf = async (capability_id: string): Promise<ReadonlyMap<string, CapabilitySpec>> => {
    const found = known.get(capability_id);
    if (found !== undefined) return found;
    const specs = new Map<string, CapabilitySpec>();
    for await (const page of log.read(capabilityStream(capability_id)))
      for (const stored of page) {
        const read = catalogue.read(stored);
        const { spec, spec_digest } = (E.isRight(read) ? read.right.data : {}) as {
          spec?: CapabilitySpec;
          spec_digest?: string;
        };
        if (spec !== undefined && spec_digest !== undefined) specs.set(spec_digest, spec);
      }
    known.set(capability_id, specs);
    return specs;
  };
  return async (capability_id: string, spec_digest: string | null): Promise<CapabilitySpec | undefined> =>
    spec_digest === null ? undefined : (await streamOf(capability_id)).get(spec_digest);
};

/** Replays recorded verdicts under another policy: the same questions, the specs of then, the same gate (design 5). */
export const backTested = async (
  engine: Engine,
  policy: ActivePolicy,
  recorded: readonly RecordedVerdict[],
): Promise<readonly Simulated[]> => {
  const specOf = specsByDigest(engine);
  const outcomes: Simulated[] = [];
  for (const { verdict_id, question, spec_digest, decision, rule_id } of recorded) {
    await letOthers();
    const spec = await specOf(question.capability_id, spec_digest);
    const verdict = authorize(question, spec, policy);
    outcomes.push({
      verdict_id,
      capability_id: question.capability_id,
      before: decision,
      after: verdict.decision,
      rule_before: rule_id,
      rule_after: verdict.rule?.rule_id ?? null,
      reason: verdict.reason,
      changed: verdict.decision !== decision,
    });
  }
  return outcomes;
};

/** What two policies say of questions that nobody has asked yet, with the registry as it is. */
export const simulated = async (
  registry: Registry,
  before: ActivePolicy,
  after: ActivePolicy,
  questions: readonly Question[],
): Promise<readonly Simulated[]> => {
  const outcomes: Simulated[] = [];
  for (const question of questions) {
    await letOthers();
    const { spec } = await registry.find(question.capability_id);
    const old = authorize(question, spec ?? undefined, before);
    const now = authorize(question, spec ?? undefined, after);
    outcomes.push({
      verdict_id: null,
      capability_id: question.capability_id,
      before: old.decision,
      after: now.decision,
      rule_before: old.rule?.rule_id ?? null,
      rule_after: now.rule?.rule_id ?? null,
      reason: now.reason,
      changed: old.decision !== now.decision,
    });
  }
  return outcomes;
};
