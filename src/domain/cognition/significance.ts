/** What of a session says whether it is worth remembering. */
export interface SessionSum {
  readonly turns: number;
  readonly tool_calls: number;
  readonly chars: number;
}

const trivialTurnsMax = 1;
const trivialCharsMax = 200;

/**
 * Whether a session is worth a reflection and an episode of its own: not where there was one turn at most, without a tool,
 * of fewer than 200 characters in all (requirements N137).
 */
export const isSignificant = ({ turns, tool_calls, chars }: SessionSum): boolean =>
  turns > 0 && (turns > trivialTurnsMax || tool_calls > 0 || chars >= trivialCharsMax);
