import { z } from 'zod';
import { amountOf, usd } from '../domain/kernel/money.ts';

/** Money as every surface shows it. */
export const Cost = z.object({ amount: z.string(), currency: z.string() });

export const cost = (micros: bigint): z.infer<typeof Cost> => amountOf(usd(Number(micros)));

export const costOrNull = (micros: bigint | null): z.infer<typeof Cost> | null =>
  micros === null ? null : cost(micros);

/** An instant as read models say it. */
export const instant = z.iso.datetime();

/** Rows without what only the server needs to know of them. */
export const bare = <Row extends { readonly tenant: string; readonly position: bigint }>({
  tenant: _,
  position: __,
  ...row
}: Row) => row;
