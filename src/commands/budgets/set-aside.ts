import * as E from 'fp-ts/lib/Either.js';
import type { Amount, BudgetCommand } from '../../domain/budget/budget.commands.ts';
import { budget } from '../../domain/budget/budget.decider.ts';
import { derived, streamOf } from '../../domain/kernel/ids.ts';
import { execute, type Engine } from '../execute.ts';
import type { Matter } from '../record.ts';
import { oneByOne } from '../one-by-one.ts';

/** Room in a budget that is set aside for a call. */
export interface Reservation {
  readonly budget_id: string;
  readonly reservation_id: string;
}

/** What room is wanted for; `key` names the call, so that asking again after a crash is the same asking. */
export interface Wanted extends Amount {
  readonly key: string;
  readonly actor: string;
  readonly tenant: string;
  readonly matter: Matter;
  readonly agent_id: string | null;
  /** For people: what the money is for. */
  readonly for: string;
  /** When it is asked for (RFC 3339, UTC). */
  readonly at: string;
}

type About = Pick<Wanted, 'key' | 'actor' | 'tenant' | 'matter'>;

/** Every call of everybody meets at the budgets that they share: a race that is lost is run again. */
const racesMax = 20;
const pauseMsMax = 50;

const asked = async (
  engine: Engine,
  { key, actor, tenant, matter }: About,
  budget_id: string,
  command: BudgetCommand,
) => {
  const stream = streamOf('budget', budget_id);
  const command_id = derived('budget', key, command.type, budget_id);
  const about = { command_id, actor, tenant, ...matter };
  const once = () => oneByOne(engine, stream, () => execute(engine, budget, stream, command, about));
  for (let race = 1; ; race += 1) {
    const outcome = await once();
    if (E.isRight(outcome) || outcome.left.reason !== 'Conflict' || race >= racesMax) return outcome;
    await new Promise((resolve) => setTimeout(resolve, engine.clock.chance() * pauseMsMax));
  }
};

/** Gives back what was set aside: nothing was called. */
export const released = async (
  engine: Engine,
  about: About,
  reservations: readonly Reservation[],
  reason: string,
): Promise<void> => {
  for (const { budget_id, reservation_id } of reservations)
    await asked(engine, about, budget_id, { type: 'ReleaseBudget', reservation_id, reason });
};

/** Settles what was set aside by what was spent. */
export const settled = async (
  engine: Engine,
  about: About,
  reservations: readonly Reservation[],
  spent: Amount,
): Promise<void> => {
  for (const { budget_id, reservation_id } of reservations)
    await asked(engine, about, budget_id, { type: 'SettleBudget', reservation_id, ...spent });
};

/**
 * Sets room aside in every budget, or in none: where one has too little, what was set aside in others is given back, and the
 * answer says which it was. A budget that was closed meanwhile limits nothing.
 */
export const setAside = async (
  engine: Engine,
  budget_ids: readonly string[],
  wanted: Wanted,
): Promise<readonly Reservation[] | { readonly short: string }> => {
  const { key, micros, tokens, at, agent_id } = wanted;
  const reservations: Reservation[] = [];
  for (const budget_id of budget_ids) {
    const reservation_id = derived('reservation', key, budget_id);
    const reserve = { type: 'ReserveBudget', reservation_id, micros, tokens, at, for: wanted.for, agent_id } as const;
    const outcome = await asked(engine, wanted, budget_id, reserve);
    if (E.isLeft(outcome) && outcome.left.reason === 'BudgetIsClosed') continue;
    if (E.isRight(outcome) && outcome.right.state.open.has(reservation_id)) {
      reservations.push({ budget_id, reservation_id });
      continue;
    }
    await released(engine, wanted, reservations, 'another budget has too little');
    return { short: `budget ${budget_id}: ${E.isLeft(outcome) ? outcome.left.reason : 'too little is left'}` };
  }
  return reservations;
};
