import { z } from 'zod';
import type { Capability } from '../../../ports.ts';
import { capability } from '../define.ts';
import { failure } from '../failure.ts';
import { bankIn } from './bank.ts';
import { notesIn } from './notes.ts';

const OrderId = z.string().regex(/^\d{1,10}$/);
const tags = ['demo'];

const orders: Readonly<
  Record<
    string,
    { readonly customer_id: string; readonly item: string; readonly amount: number; readonly status: string }
  >
> = {
  '4821': { customer_id: 'cust_88', item: 'lamp L-20', amount: 249, status: 'delivered' },
  '4822': { customer_id: 'cust_17', item: 'bulb B-3', amount: 9.5, status: 'delivered' },
};

const orderStatus = (order_id: string): string => orders[order_id]?.status ?? 'unknown';

const getOrder = (): Capability =>
  capability({
    capability_id: 'orders.get',
    name: 'Look an order up',
    description: 'What was ordered, by whom, for how much, and whether it has arrived. Invented orders of the demo.',
    operation: 'read',
    risk: { justification: 'It reads one order.' },
    tags,
    parameters: z.strictObject({ order_id: OrderId }),
    result: z.object({
      order_id: OrderId,
      customer_id: z.string(),
      item: z.string(),
      amount: z.number(),
      status: z.string(),
    }),
    invoke: ({ order_id }) => {
      const order = orders[order_id];
      return order === undefined
        ? failure('not_found', `there is no order ${order_id}`)
        : { ok: true, result: { order_id, ...order } };
    },
  });

const lookupPayment = (): Capability => {
  // The first call of each payment is let run into its time, so that a retry can be seen.
  const late = new Set<string>();
  return capability({
    capability_id: 'payments.lookup',
    name: 'Look a payment up',
    description: 'Whether an order was paid, and how. It is late the first time it is asked, on purpose.',
    operation: 'read',
    risk: { justification: 'It reads one payment.' },
    timeout_ms: 2_000,
    tags,
    parameters: z.strictObject({ order_id: OrderId }),
    result: z.object({ order_id: OrderId, paid: z.boolean(), method: z.string() }),
    invoke: ({ order_id }, { key }) => {
      if (late.has(key))
        return { ok: true, result: { order_id, paid: orders[order_id] !== undefined, method: 'card' } };
      late.add(key);
      return failure('timeout', 'the payment service was late', { retryable: true, happened: 'no' });
    },
  });
};

const refund = (folder: string): Capability => {
  const bank = bankIn(folder);
  return capability({
    capability_id: 'payments.refund',
    name: 'Refund a payment',
    description:
      'Transfers money back to a customer, from a pretended bank. What is transferred cannot be called back.',
    operation: 'network',
    risk: { level: 'critical', justification: 'Money leaves, and does not come back.' },
    side_effects: { reversible: false, scope: 'external', description: 'a bank transfer to the customer' },
    compensation: { supported: false, strategy: 'none' },
    effect_class: 'keyed',
    tags,
    parameters: z.strictObject({
      order_id: OrderId,
      customer_id: z.string().max(100),
      amount: z.number().positive().max(100_000),
      currency: z.literal('EUR'),
      note: z.string().max(500),
    }),
    result: z.object({ transfer_id: z.string(), amount: z.number(), currency: z.string(), customer_id: z.string() }),
    preconditions: ({ order_id }) => Promise.resolve({ 'order.status': orderStatus(order_id) }),
    invoke: ({ customer_id, amount, currency }, { key }) => ({
      ok: true,
      result: { transfer_id: bank.transfer(key, { customer_id, amount, currency }), amount, currency, customer_id },
    }),
  });
};

const addNote = (folder: string): Capability => {
  const notes = notesIn(folder);
  return capability({
    capability_id: 'notes.add',
    name: 'Add a note',
    description: "Adds a line to the desk's notes about an order.",
    operation: 'write',
    risk: { justification: 'A line can be taken out again.' },
    effect_class: 'natural',
    tags,
    parameters: z.strictObject({ order_id: OrderId, text: z.string().min(1).max(500) }),
    result: z.object({ note_id: z.string() }),
    invoke: ({ order_id, text }, { key }) => {
      notes.add(key, `${order_id}: ${text}`);
      return { ok: true, result: { note_id: key }, undo: { note_id: key } };
    },
    undo: {
      record: z.object({ note_id: z.string() }),
      run: ({ note_id }) => {
        notes.remove(note_id);
        return { ok: true, result: { removed: note_id } };
      },
    },
  });
};

/** What the refund desk of the demo can do. Orders and bank are pretended; what the bank did is kept in the folder, by key. */
export const refundDesk = (folder: string): readonly Capability[] => [
  getOrder(),
  lookupPayment(),
  refund(folder),
  addNote(folder),
];
