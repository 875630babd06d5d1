import type { UndoReadiness } from '../../domain/run/run.commands.ts';
import type { IntendUndoEffect } from '../../domain/run/run.process.ts';
import { setAside } from '../budgets/set-aside.ts';
import type { Perform } from '../flights.ts';
import { materialsOfCall, type GateParts } from '../gate/materials.ts';
import { throughOutages } from '../outage.ts';
import { wantedBy } from './claim.ts';

type Parts = Omit<GateParts, 'grantFor'>;

/**
 * What a compensation needs before it is intended: what the gate is asked with, and room in the budgets for what it costs.
 * What a capability has left to be undone by calls nothing else, was agreed to with it, and needs nothing.
 */
export const readyToUndo =
  (parts: Parts): Perform<IntendUndoEffect> =>
  async (effect, { tenant, signal, matter }) => {
    const { engine, budgetsOf } = parts;
    const { undo, principal } = effect;
    const ready = { life: engine.life, gate: null, reservations: [], short: null };
    if (undo.by !== 'compensation') return { ok: true, result: ready satisfies UndoReadiness };
    const { action, callee } = undo;
    const result = await throughOutages(async (): Promise<UndoReadiness> => {
      const gate = await materialsOfCall(parts, tenant, action);
      if (callee.cost_micros === 0) return { ...ready, gate };
      const at = new Date(engine.clock.now()).toISOString();
      const budget_ids = await budgetsOf(tenant, principal?.type === 'agent' ? principal.id : null);
      const room = await setAside(engine, budget_ids, wantedBy({ tenant, effect: { ...effect, callee }, at, matter }));
      return 'short' in room ? { ...ready, gate, short: room.short } : { ...ready, gate, reservations: room };
    }, signal);
    return { ok: true, result };
  };
