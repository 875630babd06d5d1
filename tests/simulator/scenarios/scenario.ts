import type { InvariantOf } from '../checker/history.ts';
import type { Stage } from '../world/stage.ts';

/** Who acts in a world, what must hold, and what has to be seen at least once in some thousand seeds. */
export interface Scenario {
  readonly name: string;
  /** Puts nodes and actors on the stage. They begin when the world does. */
  readonly cast: (stage: Stage) => void;
  readonly invariants: readonly InvariantOf[];
  readonly sometimes: readonly string[];
}
