import { z } from 'zod';
import { ArgumentCondition } from '../../domain/gate/policy.document.ts';

/** What else is agreed to beforehand, together with one approval: more calls of the same capability by the same principal. */
export const GrantOffer = z.strictObject({
  constraints: z.array(ArgumentCondition).max(20).default([]),
  uses_max: z.int().min(1).max(1_000),
  expires_at: z.iso.datetime(),
});
export type GrantOffer = z.infer<typeof GrantOffer>;
