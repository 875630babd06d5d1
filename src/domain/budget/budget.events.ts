import { z } from 'zod';
import { event, type Occurrence } from '../kernel/event.ts';

const id = z.uuid();
const micros = z.int().min(0);
const tokens = z.int().min(0);
const day = z.iso.date();
const reason = z.string().max(2_000);

/** Whose spending it limits. The budget of a run is the run's own business. */
export const BudgetScope = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('agent'), agent_id: id }),
  z.strictObject({ kind: z.literal('tenant') }),
]);
export type BudgetScope = z.infer<typeof BudgetScope>;

const limits = {
  /** Millionths of a US dollar; null for no limit in money. */
  limit_micros: micros.nullable(),
  /** Tokens of language models; null for no limit in tokens. */
  limit_tokens: tokens.nullable(),
  /** A breach pauses the agent that caused it (requirements A48), or only refuses the call. */
  on_breach: z.enum(['pause_agent', 'refuse']),
};

const amount = { micros, tokens };

export const BudgetSet = event(
  'BudgetSet',
  z.object({ budget_id: id, scope: BudgetScope, period: z.enum(['total', 'day']), ...limits }),
);
export const BudgetRevised = event('BudgetRevised', z.object({ budget_id: id, ...limits }));
/** `day` is the day, in UTC, that the spending belongs to. */
export const BudgetReserved = event(
  'BudgetReserved',
  z.object({ budget_id: id, reservation_id: id, day, ...amount, for: z.string().max(300) }),
);
/** What was really spent; never more than was reserved, and what went beyond is said in `excess_micros`. */
export const BudgetSettled = event(
  'BudgetSettled',
  z.object({ budget_id: id, reservation_id: id, ...amount, excess_micros: micros }),
);
export const BudgetReleased = event('BudgetReleased', z.object({ budget_id: id, reservation_id: id, reason }));
export const BudgetTierReached = event(
  'BudgetTierReached',
  z.object({ budget_id: id, day, tier_percent: z.union([z.literal(50), z.literal(80), z.literal(100)]) }),
);
/** Somebody asked for more than is left; nothing was reserved. */
export const BudgetBreached = event(
  'BudgetBreached',
  z.object({
    budget_id: id,
    reservation_id: id,
    day,
    ...amount,
    left_micros: micros.nullable(),
    left_tokens: tokens.nullable(),
    for: z.string().max(300),
    /** Who is paused for it; null where nobody is. */
    pause_agent_id: id.nullable(),
  }),
);
export const BudgetClosed = event('BudgetClosed', z.object({ budget_id: id, reason }));

export const budgetEvents = [
  BudgetSet,
  BudgetRevised,
  BudgetReserved,
  BudgetSettled,
  BudgetReleased,
  BudgetTierReached,
  BudgetBreached,
  BudgetClosed,
] as const;
export type BudgetEvent = Occurrence<typeof budgetEvents>;
