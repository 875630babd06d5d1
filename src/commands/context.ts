import * as E from 'fp-ts/lib/Either.js';
import type { Decider } from '../domain/kernel/decider.ts';
import type { Event } from '../domain/kernel/event.ts';
import { operation, type Call, type Problem } from '../domain/kernel/operation.ts';
import type { Memory } from '../ports.memory.ts';
import type { Model, Telemetry } from '../ports.ts';
import type { Aggregates } from './aggregates.ts';
import type { Gate } from './gate/propose.ts';
import { execute, type Engine, type Receipt } from './execute.ts';
import type { Output } from './output.ts';
import type { RecordedVerdict } from './policies/simulate.ts';
import { problemOf, problemOfFault, type Refusal } from './refusals.ts';

/** What commands are run with. */
export interface CommandContext {
  readonly engine: Engine;
  readonly aggregates: Aggregates;
  readonly spoken: Output;
  readonly model: Model;
  /** What agents remember, and how it is found. */
  readonly memory: Memory;
  /** What directives are judged with. */
  readonly gate: Gate;
  readonly telemetry: Telemetry;
  /** The agent that is meant where a caller names none (requirements N7). */
  readonly default_agent_id: string;
  /** 256 random bits, base64url. */
  readonly secret: () => string;
  /** The newest verdicts of a tenant, from the read model; of one capability where it is named. */
  readonly recordedVerdicts: (
    tenant: string,
    limit: number,
    capability_id: string | null,
  ) => Promise<readonly RecordedVerdict[]>;
  /** Sessions of an agent with a turn under way, from the read model; at most 100. */
  readonly runningSessions: (agent_id: string) => Promise<readonly string[]>;
}

export const command = operation<CommandContext>();

/**
 * Executes one command of a call under the caller's name; `guarded`, only on the revision the caller saw; `continues`, in the
 * matter that the stream is about.
 * A refusal and a fault of the log come back as problems.
 */
export const ask = async <Command, State, Ev extends Event, R extends Refusal>(
  { engine, telemetry }: CommandContext,
  { principal, command_id, correlation_id, causation_id, if_match }: Call,
  decider: Decider<Command, State, Ev, R>,
  stream: string,
  asked: Command & { readonly type: string },
  { guarded = false, continues = false }: { readonly guarded?: boolean; readonly continues?: boolean } = {},
): Promise<E.Either<Problem, Receipt<State>>> => {
  const traceparent = telemetry.traceparent();
  const provenance = {
    command_id,
    actor: principal.actor,
    tenant: principal.tenant,
    correlation_id,
    ...(causation_id === undefined ? {} : { causation_id }),
    ...(traceparent === undefined ? {} : { traceparent }),
  };
  const ended = telemetry.timer('acta_command_duration_seconds', { command: asked.type });
  try {
    const outcome = await telemetry.span(
      `command ${asked.type}`,
      { 'acta.command': asked.type, 'acta.stream': stream },
      () => execute(engine, decider, stream, asked, provenance, { continues, ...(guarded ? { if_match } : {}) }),
    );
    telemetry.count('acta_commands_total', {
      command: asked.type,
      outcome: E.isLeft(outcome) ? outcome.left.reason : 'done',
    });
    return E.isLeft(outcome) ? E.left(problemOf(outcome.left)) : outcome;
  } catch (error) {
    const fault = problemOfFault(error);
    telemetry.count('acta_commands_total', { command: asked.type, outcome: fault?.code ?? 'internal' });
    if (fault === undefined) throw error;
    return E.left(fault);
  } finally {
    ended();
  }
};
