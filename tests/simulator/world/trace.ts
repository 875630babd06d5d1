import { createHash } from 'node:crypto';

const pieceCharsMax = 32_768;

/** All that happened, in order: its SHA-256, and the text itself where somebody wants to read it. */
export const trace = (show: ((line: string) => void) | undefined) => {
  const hash = createHash('sha256');
  let piece = '';
  let lines = 0;
  return {
    line: (text: string): void => {
      lines += 1;
      piece += `${text}\n`;
      show?.(text);
      if (piece.length < pieceCharsMax) return;
      hash.update(piece);
      piece = '';
    },
    lines: (): number => lines,
    /** To be asked once, at the end. */
    digest: (): string => hash.update(piece).digest('hex'),
  };
};
export type Trace = ReturnType<typeof trace>;
