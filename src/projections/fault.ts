export type ProjectionFaultKind =
  /** Somebody else moved the checkpoint, or swapped the table: nothing was written, and the standing must be read again. */
  | 'checkpoint_moved'
  /** An event that cannot be folded, where nothing may be parked: in a rebuild. */
  | 'poison'
  /** More events are parked than anyone will look at. */
  | 'too_many_parked'
  /** A row that cannot be said in JSON. */
  | 'unwritable'
  /** The log's order was not kept, or what it had is gone. */
  | 'disordered'
  | 'log_rolled_back'
  /** A rebuild was called off. */
  | 'cancelled'
  /** Asked for what is not there: a projection, a rebuild. */
  | 'unknown'
  /** A second rebuild beside the first. */
  | 'under_way'
  /** Asked for something that cannot be now. */
  | 'refused';

/** The only errors that the engine throws by itself. A class, because it must be one to be caught by kind. */
export class ProjectionFault extends Error {
  readonly fault: ProjectionFaultKind;
  /** The projections it is about, where others may go on. */
  readonly about: readonly string[];
  constructor(
    fault: ProjectionFaultKind,
    message: string,
    { about = [], ...options }: ErrorOptions & { readonly about?: readonly string[] } = {},
  ) {
    super(message, options);
    this.name = 'ProjectionFault';
    this.fault = fault;
    this.about = about;
  }
}

/**
 * Whether a statement failed because of what it was given: SQLSTATE classes 22 (data exception), 23 (integrity
 * constraint) and 54 (program limit). Only these are ever an event's fault (assurance F40 to F42, F50).
 */
export const isDataFault = (error: unknown): boolean => {
  if (error instanceof ProjectionFault) return error.fault === 'unwritable';
  return error instanceof Error && 'code' in error && /^(?:22|23|54)[0-9A-Z]{3}$/.test(String(error.code));
};
