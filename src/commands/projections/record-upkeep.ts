import * as E from 'fp-ts/lib/Either.js';
import { derived, streamOf } from '../../domain/kernel/ids.ts';
import type { Call, Problem } from '../../domain/kernel/operation.ts';
import { projectionUpkeep } from '../../domain/projection/projection.decider.ts';
import type { ProjectionEvent } from '../../domain/projection/projection.events.ts';
import { ask, type CommandContext } from '../context.ts';

/** The stream of what was asked of a read model. */
export const upkeepStreamOf = (projection: string): string => streamOf('projection', derived('projection', projection));

/**
 * Puts on record who asks what of a read model; the problem where it cannot be recorded, and then it is not to be done
 * either. The same call asked again is recorded once.
 */
export const recordUpkeep = async (
  context: CommandContext,
  call: Call,
  request: ProjectionEvent,
): Promise<Problem | undefined> => {
  const stream = upkeepStreamOf(request.data.projection);
  const outcome = await ask(context, call, projectionUpkeep, stream, { type: 'RequestUpkeep', request });
  return E.isLeft(outcome) ? outcome.left : undefined;
};
