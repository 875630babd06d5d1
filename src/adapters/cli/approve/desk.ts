import { createInterface } from 'node:readline/promises';
import type { Client } from '../connection/client.ts';
import { Failure, exits } from '../exits.ts';
import type { Occasion } from '../occasion.ts';
import type { Terminal } from '../terminal/terminal.ts';

/** Where somebody sits and decides: what they are asked, what they answer, and the server that hears it. */
export interface Desk {
  readonly terminal: Terminal;
  readonly client: Client;
  /** Aborted by Ctrl-C, at a prompt or not. */
  readonly left: AbortSignal;
  /** Asks one question on stderr. Null when nothing more will be answered (Ctrl-D). Throws a Failure on Ctrl-C. */
  readonly ask: (question: string) => Promise<string | null>;
  readonly close: () => void;
}

/** Opens the one conversation of this command: a terminal reads keys ahead, so there is one reader of them. */
export const deskAt = ({ terminal, interrupts, client }: Occasion): Desk => {
  const lines = createInterface({ input: terminal.stdin, output: terminal.stderr });
  const stroke = new AbortController();
  const ended = Promise.withResolvers<null>();
  const left = AbortSignal.any([interrupts.once, stroke.signal]);
  lines.on('SIGINT', () => stroke.abort());
  lines.on('close', () => ended.resolve(null));
  return {
    terminal,
    client: client(left),
    left,
    ask: async (question) => {
      try {
        return await Promise.race([lines.question(question, { signal: left }), ended.promise]);
      } catch (error) {
        if (left.aborted) throw new Failure(exits.interrupted, 'interrupted; what was not recorded is not decided');
        throw error;
      }
    },
    close: () => lines.close(),
  };
};

const triesMax = 5;

/**
 * Asks until the answer is one that `read` understands; undefined is not understood, and is asked for again with a hint.
 * Null where it is not answered at all.
 */
export const askUntil = async <T>(
  { ask, terminal }: Desk,
  question: string,
  read: (answer: string) => T | undefined,
  hint: string,
): Promise<T | null> => {
  for (let tries = 0; tries < triesMax; tries += 1) {
    const answer = await ask(question);
    if (answer === null) return null;
    const understood = read(answer.trim());
    if (understood !== undefined) return understood;
    terminal.warn(`  ${hint}`);
  }
  terminal.warn('  not decided');
  return null;
};
