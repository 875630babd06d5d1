import type { CapabilitySpec, RiskLevel } from './capability.spec.ts';
import type { PolicyDocument } from './policy.document.ts';

/** Who wants it. Permissions are the scopes of the key, roles those that policies speak of. */
export interface GatePrincipal {
  readonly type: 'agent' | 'user';
  readonly id: string;
  readonly roles: readonly string[];
  readonly permissions: readonly string[];
}

/** What somebody wants done. */
export interface Question {
  readonly principal: GatePrincipal;
  readonly capability_id: string;
  /** Validated: what would really be handed to the capability. */
  readonly args: unknown;
  readonly scope: string;
  readonly environment: string;
  /** What the directive may spend; null where it names nothing, `unreadable` where it names what is no amount. */
  readonly budget_micros: number | null | 'unreadable';
  /** What depends on it, as the one who proposes sees it: may raise the risk, never lower it (requirements C10). */
  readonly stakes?: RiskLevel;
}

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
