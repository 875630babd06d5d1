import { moneyOf } from '../kernel/money.ts';

const written = /^(?:\$\s?)?(\d{1,9}(?:\.\d{1,6})?)(?:\s?USD)?$/;

/**
 * A budget as people write it (`$50`, `50.00`, `100 USD`), in millionths of a US dollar; `unreadable` for anything else, which
 * then blocks: what nobody can read limits nothing (requirements D24).
 */
export const budgetOf = (text: string | null): number | 'unreadable' | null => {
  if (text === null) return null;
  const [, amount] = written.exec(text.trim()) ?? [];
  if (amount === undefined) return 'unreadable';
  return moneyOf({ amount, currency: 'USD' })?.micros ?? 'unreadable';
};
