import { createInterface } from 'node:readline/promises';
import { Failure, exits, usage } from '../exits.ts';
import type { Occasion } from '../occasion.ts';

/** Asks one question on stderr, so that stdout holds the result alone. */
const askFor = async (question: string, { terminal, interrupts }: Occasion): Promise<string> => {
  const lines = createInterface({ input: terminal.stdin, output: terminal.stderr });
  try {
    return await lines.question(question, { signal: interrupts.once });
  } catch {
    throw new Failure(exits.interrupted, 'interrupted');
  } finally {
    lines.close();
  }
};

/** Has a person type the name of what is about to end; where nobody sits, `--yes` must have been given. */
export const confirm = async (what: string, name: string, occasion: Occasion): Promise<void> => {
  if (occasion.flags.yes === true) return;
  if (!occasion.terminal.interactive) throw usage(`${what} cannot be taken back; confirm it with --yes`);
  const typed = await askFor(`${what} cannot be taken back. Type ${name} to confirm: `, occasion);
  if (typed.trim() !== name) throw new Failure(exits.failed, 'not confirmed; nothing was done');
};
