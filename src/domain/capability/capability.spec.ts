import { z } from 'zod';

export const riskLevels = ['low', 'medium', 'high', 'critical'] as const;
export const RiskLevel = z.enum(riskLevels);
export type RiskLevel = z.infer<typeof RiskLevel>;

/** What may be done again after a crash between an intent and its result (assurance 1.3). */
export const EffectClass = z.enum(['read', 'natural', 'keyed', 'queryable', 'unkeyed']);
export type EffectClass = z.infer<typeof EffectClass>;

const timeoutMsMax = 3_600_000;
const schemaCharsMax = 65_536;

/** Lower-case words with dots between them: `io.fs.write_file`. */
export const CapabilityId = z
  .string()
  .max(100)
  .regex(/^[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)*$/, 'lower-case words with dots between them');

const text = z.string().max(2_000);

/** A JSON Schema as it is shown and recorded; the code that stands behind a capability parses with zod besides. */
const JsonSchema = z
  .record(z.string(), z.json())
  .refine((schema) => JSON.stringify(schema).length <= schemaCharsMax, `at most ${schemaCharsMax} characters`);

/**
 * What a capability is, as whoever decides about it sees it (requirements W1–W11, A40, A41, G15). Only this says what risk
 * there is: neither the caller nor a step may say otherwise (W70).
 */
export const CapabilitySpec = z.strictObject({
  capability_id: CapabilityId,
  name: z.string().min(1).max(200),
  description: text.min(1),
  operation: z.enum(['read', 'write', 'delete', 'execute', 'network']),
  risk: z.strictObject({ level: RiskLevel, justification: text.min(1) }),
  side_effects: z.strictObject({
    reversible: z.boolean(),
    scope: z.enum(['local', 'network', 'external']),
    description: text,
  }),
  compensation: z.strictObject({
    supported: z.boolean(),
    strategy: z.enum(['automatic', 'manual', 'none']),
    /** The capability that undoes; null where the capability brings its own undo. */
    capability_id: CapabilityId.nullable(),
  }),
  effect_class: EffectClass,
  parameters: JsonSchema,
  result: JsonSchema,
  /** Scopes that the principal must hold besides those of the policy. */
  permissions: z.array(z.string().min(1).max(100)).max(20),
  timeout_ms: z.int().min(1).max(timeoutMsMax),
  /** What one call is expected to cost, in millionths of a US dollar. */
  cost_micros: z.int().min(0),
  version: z.string().regex(/^\d+\.\d+\.\d+$/, 'three numbers with dots between them'),
  tags: z.array(z.string().min(1).max(50)).max(20),
  deprecated: z.boolean(),
});
export type CapabilitySpec = z.infer<typeof CapabilitySpec>;

/** The higher of two levels. */
export const higherRisk = (a: RiskLevel, b: RiskLevel): RiskLevel =>
  riskLevels.indexOf(a) >= riskLevels.indexOf(b) ? a : b;
