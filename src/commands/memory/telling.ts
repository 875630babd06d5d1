import * as E from 'fp-ts/lib/Either.js';
import { z } from 'zod';
import type { Call, Problem } from '../../domain/kernel/operation.ts';
import type { Source } from '../../domain/memory/source.ts';
import type { CommandContext } from '../context.ts';
import type { Provenance } from '../record.ts';
import { problemOf, problemOfFault, type Refusal } from '../refusals.ts';
import { missing, type Named } from '../there.ts';

export const tag = 'memory';
export const scope = 'memory:write';
export const problems = ['not_found', 'invalid_transition', 'revision_conflict'];
export const reason = z.string().max(2_000).default('');

/** Where something comes from, as a caller says it; what they leave out is not known. */
export const SourceInput = z.strictObject({
  label: z.string().max(200).nullable().default(null),
  session_id: z.uuid().nullable().default(null),
  turn_id: z.uuid().nullable().default(null),
  episode_id: z.uuid().nullable().default(null),
  decision_id: z.uuid().nullable().default(null),
});

/** What is said by hand is taught, whatever it is about. */
export const taught = (given: z.output<typeof SourceInput> | undefined): Source => ({
  kind: 'taught',
  ...(given ?? SourceInput.parse({})),
});

/** Why nothing can be remembered: whose it would be is not there, or what it is said to come from. */
export const absentIn = async (
  context: Pick<CommandContext, 'engine'>,
  { principal: { tenant } }: Call,
  { source, ...named }: Named & { readonly source?: z.output<typeof SourceInput> | undefined },
): Promise<Problem | undefined> => {
  const absent = await missing(context, tenant, named);
  if (absent !== undefined || source === undefined) return absent;
  const { session_id, decision_id, episode_id } = source;
  return await missing(context, tenant, { session_id, decision_id, episode_id }, '#/source');
};

/** What a call records is caused by whatever caused the call, and named after its command. */
export const provenanceOf = (
  { telemetry }: Pick<CommandContext, 'telemetry'>,
  { principal, command_id, correlation_id, causation_id }: Call,
): Provenance => {
  const traceparent = telemetry.traceparent();
  return {
    command_id,
    actor: principal.actor,
    tenant: principal.tenant,
    correlation_id,
    ...(causation_id === undefined ? {} : { causation_id }),
    ...(traceparent === undefined ? {} : { traceparent }),
  };
};

/** What was done, or the problem that it came to: a refusal, or a fault of the log. */
export const told = async <T>(done: () => Promise<E.Either<Refusal, T>>): Promise<E.Either<Problem, T>> => {
  try {
    const outcome = await done();
    return E.isLeft(outcome) ? E.left(problemOf(outcome.left)) : outcome;
  } catch (error) {
    const fault = problemOfFault(error);
    if (fault === undefined) throw error;
    return E.left(fault);
  }
};
