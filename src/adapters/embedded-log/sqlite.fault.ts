/** What SQLite's result codes mean to a log. The low byte is the primary code, https://www.sqlite.org/rescode.html. */
export type SqliteFault = 'full' | 'busy' | 'corrupt' | 'failed';

const full = 13;
const busy = [5, 6];
/** CORRUPT, FORMAT and NOTADB. */
const corrupt = [11, 24, 26];

const codeOf = (error: unknown): number | undefined =>
  error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' ? error.errcode & 0xff : undefined;

/** Anything unexpected is `failed`: an outcome nobody knows. */
export const sqliteFault = (error: unknown): SqliteFault => {
  const code = codeOf(error);
  if (code === undefined) return 'failed';
  if (code === full) return 'full';
  if (busy.includes(code)) return 'busy';
  return corrupt.includes(code) ? 'corrupt' : 'failed';
};

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
