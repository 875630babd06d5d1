import * as E from 'fp-ts/lib/Either.js';
import { directive } from '../../domain/directive/directive.decider.ts';
import { runIdOf } from '../../domain/directive/directive.state.ts';
import { streamOf } from '../../domain/kernel/ids.ts';
import { runProcess, type JudgeEffect } from '../../domain/run/run.process.ts';
import type { Engine } from '../execute.ts';
import { refused, type Perform } from '../flights.ts';
import { materialsOf, type GateParts } from '../gate/materials.ts';
import { kind, type Kind } from '../kind.ts';
import { paused, throughOutages } from '../outage.ts';
import { recall } from '../recall.ts';
import { claimFor } from './claim.ts';
import { calls, type CallParts } from './perform-call.ts';
import { readyToUndo } from './ready-to-undo.ts';

const nobody = { type: 'user', id: 'nobody', roles: [], permissions: [], chain: [] } as const;

const firstLookMs = 5;
const longestLookMs = 1_000;

/**
 * Whether the directive of a run that is about to begin stands. Until it is on record that its run was dispatched, it can
 * still be withdrawn; after that it cannot, and so nothing begins before. Throws the log's errors.
 */
const dispatched = async (
  { log, catalogue, remembered }: Engine,
  { directive_id, run_id }: JudgeEffect,
  signal: AbortSignal,
): Promise<boolean> => {
  const stream = streamOf('directive', directive_id);
  for (let ms = firstLookMs; ; ms = Math.min(longestLookMs, 2 * ms)) {
    const found = await recall(log, catalogue, remembered, directive, stream);
    if (E.isLeft(found)) return false;
    const { state } = found.right;
    if (state.phase === 'undrafted' || (state.phase === 'executing' && state.run_id === run_id)) return true;
    if (state.phase !== 'approved' || runIdOf(state) !== run_id || signal.aborted) return false;
    await paused(ms, signal);
  }
};

const judged =
  (parts: GateParts): Perform<JudgeEffect> =>
  async (effect, { tenant, signal }) => {
    const { begins, step, args, principal, scope, environment } = effect;
    if (begins && !(await throughOutages(() => dispatched(parts.engine, effect, signal), signal)))
      return refused('directive_withdrawn', 'its directive was withdrawn before it began');
    const asked = {
      tenant,
      principal: principal ?? { ...nobody, roles: [], permissions: [], chain: [] },
      scope,
      environment,
    };
    const ended = parts.engine.telemetry.timer('acta_policy_evaluation_duration_seconds');
    const result = await throughOutages(() => materialsOf(parts, asked, step, args, true), signal);
    ended();
    return { ok: true, result };
  };

/** The run's process joined with what performs it. */
export const runKind = (parts: GateParts & CallParts): Kind =>
  kind('run', 'run', runProcess, {
    judge: judged(parts),
    claim: claimFor(parts),
    intend_undo: readyToUndo(parts),
    ...calls(parts),
  });
