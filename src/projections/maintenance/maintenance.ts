import { z } from 'zod';
import { operation, type Call, type Problem } from '../../domain/kernel/operation.ts';
import type { ProjectionEvent } from '../../domain/projection/projection.events.ts';
import { problem } from '../../problems.ts';
import { ProjectionFault } from '../fault.ts';
import type { Project } from '../project.ts';

/** What those who look after read models work with. */
export interface MaintenanceContext {
  readonly projections: Project;
  /** Puts on record who asks for what, before it is done; the problem where that cannot be recorded. */
  readonly recordUpkeep: (call: Call, request: ProjectionEvent) => Promise<Problem | undefined>;
}

export const maintenance = operation<MaintenanceContext>();
export const tag = 'projections';
export const look = 'projections:read';
export const change = 'projections:admin';
export const name = z.string().min(1).max(48).meta({ description: 'The name of a projection.' });
export const exampleId = '0198d7a0-0000-7000-8000-000000000006';

const codes = { unknown: 'not_found', under_way: 'operation_running', refused: 'not_ready' } as const;

/** What the engine refuses, as a problem; everything else goes on being thrown. */
export const tried = async <T>(work: () => Promise<T>): Promise<T | Problem> => {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ProjectionFault) || !(error.fault in codes)) throw error;
    return problem(codes[error.fault as keyof typeof codes], error.message);
  }
};
