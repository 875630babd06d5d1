import type { StoredEvent } from '../../src/ports.ts';
import type { Effect } from './world.ts';

interface Said {
  readonly run_id?: string;
  readonly step_id?: string;
  readonly attempt?: number;
  readonly key?: string;
  readonly action_digest?: string;
  readonly verdict?: { readonly decision: string };
  readonly action?: { readonly action_digest: string; readonly capability_id: string; readonly args: unknown } | null;
}

/**
 * Compares what happened with the record, from the raw events alone: every effect has an intent before it, every intent a
 * verdict that allowed exactly that, and nothing happened more often than it was intended. One sentence for each fault.
 */
export const verdictFaults = (events: readonly StoredEvent[], effects: readonly Effect[]): readonly string[] => {
  const allowed = new Map<string, NonNullable<Said['action']>>();
  const intents = new Map<string, { readonly action: NonNullable<Said['action']>; times: number }>();
  const faults: string[] = [];
  for (const { type, data } of events) {
    const { run_id = '', step_id = '', attempt = 0, key = '', action_digest, verdict, action } = data as Said;
    const step = `${run_id}/${step_id}/${attempt}`;
    if (type === 'StepJudged' && action != null && (verdict?.decision === 'allow' || verdict?.decision === 'warn'))
      allowed.set(step, action);
    if (type !== 'StepIntended') continue;
    const judged = allowed.get(step);
    if (judged?.action_digest !== action_digest) faults.push(`${step} was intended without a verdict that allowed it`);
    else if (judged !== undefined) intents.set(key, { action: judged, times: (intents.get(key)?.times ?? 0) + 1 });
  }
  const happened = new Map<string, number>();
  for (const { key, capability_id, args } of effects) {
    const intent = intents.get(key);
    happened.set(key, (happened.get(key) ?? 0) + 1);
    if (intent === undefined) faults.push(`${capability_id} happened without an intent`);
    else if (
      intent.action.capability_id !== capability_id ||
      JSON.stringify(intent.action.args) !== JSON.stringify(args)
    )
      faults.push(`${capability_id} happened otherwise than it was allowed`);
    else if ((happened.get(key) ?? 0) > intent.times) faults.push(`${capability_id} happened more often than intended`);
  }
  return faults;
};
