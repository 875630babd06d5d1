/** What evaluating needs from the world, as types. */

/** Something that was done, as evaluation is shown it: ids, outcomes and numbers, not what was said. */
export interface Trace {
  /** Of the turn or the run. */
  readonly trace_id: string;
  readonly name: string;
  readonly input: Readonly<Record<string, unknown>>;
  readonly output: Readonly<Record<string, unknown>>;
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** What somebody else thinks of a trace; null where nobody has said yet. Scores are 0 to 1. */
export interface Scored {
  readonly score: number | null;
  readonly dimensions: Readonly<Record<string, number>>;
  readonly metadata: Readonly<Record<string, unknown>>;
}

/**
 * Whoever looks at what was done and grades it (requirements D110). It observes: nothing that Acta does depends on what it
 * answers. All of it may throw where the provider is out of reach.
 */
export interface Evaluation {
  readonly provider: string;
  readonly logTrace: (trace: Trace) => Promise<void>;
  readonly score: (about: {
    readonly trace_id: string;
    readonly directive_id: string | null;
    readonly execution_run_id: string | null;
  }) => Promise<Scored>;
}
