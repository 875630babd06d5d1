import type { Model, ModelRequest } from '../../ports.ts';
import { released, setAside, settled } from '../budgets/set-aside.ts';
import type { Occasion } from '../flights.ts';
import type { Gate } from '../gate/propose.ts';
import type { Asked } from './asked-model.ts';

const bytesOf = (request: ModelRequest): number =>
  Buffer.byteLength(JSON.stringify([request.system, request.messages]));

/**
 * Calls a model with room set aside for the most that the call can cost, and settles by what it did cost (design 5, rule 6).
 * Without budgets it only calls. A call whose price nobody knows is limited in tokens only. Where there is too little room,
 * nothing is called. What a node's earlier life had set aside and could not settle stays aside: it may have been spent.
 */
export const withinBudgets = async (
  { engine, budgetsOf }: Gate,
  model: Model,
  { agent_id, key, about: subject }: { readonly agent_id: string; readonly key: string; readonly about: string },
  { tenant, matter }: Pick<Occasion, 'tenant' | 'matter'>,
  request: ModelRequest,
  call: () => Promise<Asked>,
): Promise<Asked> => {
  const budget_ids = await budgetsOf(tenant, agent_id);
  if (budget_ids.length === 0) return await call();
  const about = { key: `${key}:${engine.life}`, actor: 'process:session', tenant, matter };
  const reservations = await setAside(engine, budget_ids, {
    ...about,
    agent_id,
    micros: model.cost_micros_max(request) ?? 0,
    tokens: bytesOf(request) + request.max_tokens,
    for: subject,
    at: new Date(engine.clock.now()).toISOString(),
  });
  if ('short' in reservations)
    return { ok: false, fault: 'budget_exceeded', message: reservations.short, retryable: false };
  const outcome = await call();
  if (!outcome.ok) {
    // A failed call is not billed; one that broke off may be, and nobody can say: what was aside for it is spent.
    if (outcome.fault === 'timeout') return outcome;
    await released(engine, about, reservations, 'the call failed');
    return outcome;
  }
  const { usage, cost_micros } = outcome.reply;
  const tokens = usage.input_tokens + usage.output_tokens + usage.cache_read_tokens + usage.cache_write_tokens;
  await settled(engine, about, reservations, { micros: cost_micros ?? 0, tokens });
  return outcome;
};
