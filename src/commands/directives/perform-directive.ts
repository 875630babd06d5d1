import * as E from 'fp-ts/lib/Either.js';
import { directiveProcess, type DispatchEffect } from '../../domain/directive/directive.process.ts';
import { derived, streamOf } from '../../domain/kernel/ids.ts';
import { run } from '../../domain/run/run.decider.ts';
import { execute, type Engine } from '../execute.ts';
import type { Perform } from '../flights.ts';
import { kind, type Kind } from '../kind.ts';
import { throughOutages } from '../outage.ts';
import { recall } from '../recall.ts';
import { directive } from '../../domain/directive/directive.decider.ts';

/** Creates the run of a directive; asked again after a crash, it is the same run. */
const dispatchTo =
  (engine: Engine): Perform<DispatchEffect> =>
  ({ directive_id, run_id, plan, principal, scope, environment, approval }, { stream, tenant, signal }) =>
    throughOutages(async () => {
      const { log, catalogue, remembered } = engine;
      const known = await recall(log, catalogue, remembered, directive, stream);
      const last = E.isRight(known) ? known.right.last : undefined;
      const { $correlationId: correlation_id = directive_id, traceparent } = last?.metadata ?? {};
      const held =
        approval === null
          ? null
          : { step_id: approval.step_id, approval_id: approval.approval_id, action: approval.action };
      const command = {
        type: 'CreateRun',
        run_id,
        directive_id,
        plan,
        principal,
        scope,
        environment,
        approval: held,
      } as const;
      const outcome = await execute(engine, run, streamOf('run', run_id), command, {
        command_id: derived('dispatch', run_id),
        actor: 'process:directive',
        tenant,
        correlation_id,
        ...(last === undefined ? {} : { causation_id: last.id }),
        ...(traceparent === undefined ? {} : { traceparent }),
      });
      if (E.isRight(outcome)) return { ok: true, result: { run_id } };
      const { reason } = outcome.left as { readonly reason: string };
      return { ok: false, failure: { code: 'dispatch_refused', message: reason, retryable: false } };
    }, signal);

/** The directive's process joined with what performs it. */
export const directiveKind = (engine: Engine): Kind =>
  kind('directive', 'directive', directiveProcess, { dispatch: dispatchTo(engine) });
