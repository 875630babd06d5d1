/** A tool that was called in a turn, and how that ended. */
export interface ToolEnd {
  readonly name: string;
  readonly args: unknown;
  readonly outcome: string;
  readonly content: string;
}

/** How unexpected a turn was, and what might be kept from happening again. */
export interface Assessment {
  readonly surprise: number;
  readonly tool_errors: number;
  /** What may become censors, each once. */
  readonly candidates: readonly string[];
}

/** Requirements N130: a turn that failed, and one in which only tools did. */
const surpriseOfFailure = 0.9;
const surpriseOfToolErrors = 0.3;
const errorCharsMax = 100;
const argsCharsMax = 120;
/** The same error so often in a turn is a lesson, even where the turn succeeds (decision 0019). */
const repeatedMin = 2;

/** What passes by itself teaches nothing (requirements N132). */
const passing =
  /time(d )?[ -]?out|rate[ _-]?limit|\b(429|503)\b|connection refused|network error|econnre(set|fused)|etimedout/i;

const isError = ({ outcome }: ToolEnd): boolean => outcome === 'failed' || outcome === 'rejected';

const candidateOf = ({ name, args, content }: ToolEnd): string =>
  `${name}(${(JSON.stringify(args) ?? '').slice(0, argsCharsMax)}): ${content.slice(0, errorCharsMax)}`.toWellFormed();

/**
 * Assesses a turn by how it ended and what its tools came to (requirements N130–N134). A tool error that does not pass by
 * itself is a candidate where the turn failed, or where the same one was met twice: with the source's own numbers no turn
 * that succeeds could ever teach a censor, which its tests ask for (requirements C49, decision 0019).
 */
export const assess = (failed: boolean, ends: readonly ToolEnd[]): Assessment => {
  const errors = ends.filter(isError);
  const lasting = errors.filter(({ content }) => !passing.test(content)).map(candidateOf);
  const times = new Map<string, number>();
  for (const candidate of lasting) times.set(candidate, (times.get(candidate) ?? 0) + 1);
  return {
    surprise: failed ? surpriseOfFailure : errors.length > 0 ? surpriseOfToolErrors : 0,
    tool_errors: errors.length,
    candidates: [...times].filter(([, count]) => failed || count >= repeatedMin).map(([candidate]) => candidate),
  };
};
