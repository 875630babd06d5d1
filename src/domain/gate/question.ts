import { z } from 'zod';
import { RiskLevel, type CapabilitySpec } from '../capability/capability.spec.ts';
import type { PolicyDocument } from './policy.document.ts';
import { GatePrincipal } from './principal.ts';

/** What somebody wants done. */
export const Question = z.object({
  principal: GatePrincipal,
  capability_id: z.string().max(100),
  /** Validated: what would really be handed to the capability. */
  args: z.unknown(),
  scope: z.string().max(200),
  environment: z.string().max(200),
  /** What the directive may spend; null where it names nothing, `unreadable` where it names what is no amount. */
  budget_micros: z.union([z.int().min(0), z.null(), z.literal('unreadable')]),
  /** What depends on it, as the one who proposes sees it: may raise the risk, never lower it (requirements C10). */
  stakes: RiskLevel.optional(),
});
export type Question = z.infer<typeof Question>;

/** A question with what the registry says of it. */
export interface GateRequest extends Question {
  readonly operation: CapabilitySpec['operation'] | undefined;
  readonly risk_level: RiskLevel;
}

/** A policy under the version and digest by which verdicts cite it. */
export interface ActivePolicy {
  readonly document: PolicyDocument;
  readonly version: number;
  readonly digest: string;
}
