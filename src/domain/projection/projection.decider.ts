import * as E from 'fp-ts/lib/Either.js';
import type { Decider } from '../kernel/decider.ts';
import { governed } from '../kernel/lifecycle.ts';
import type { ProjectionEvent } from './projection.events.ts';
import { projectionLifecycle, type ProjectionPhase } from './projection.lifecycle.ts';

/** What somebody asks of a read model goes on the record as it was asked, before it is done. */
export interface ProjectionCommand {
  readonly type: 'RequestUpkeep';
  readonly request: ProjectionEvent;
}

const rules: Decider<ProjectionCommand, { readonly phase: ProjectionPhase }, ProjectionEvent, never> = {
  initial: { phase: projectionLifecycle.initial },
  decide: ({ request }) => E.right([request]),
  evolve: (state) => state,
};

/** The record of a read model's upkeep: who asked for what. The read model itself is no aggregate, for it can be thrown away. */
export const projectionUpkeep = governed(projectionLifecycle, rules);
