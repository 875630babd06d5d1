import { CommanderError, type Command } from 'commander';
import { Failure, exits } from './exits.ts';
import { delivery } from './terminal/delivery.ts';
import { stoppable } from './terminal/interrupts.ts';
import type { CliOptions } from './occasion.ts';
import { program } from './program.ts';
import { terminal } from './terminal/terminal.ts';
import { visible } from './terminal/visible.ts';

/** `--agent_id` is as good as `--agent-id`: on the wire and in every document fields are written with underscores. */
const withDashes = (argv: readonly string[]): readonly string[] => {
  const end = argv.indexOf('--');
  return argv.map((word, index) => {
    if (!word.startsWith('--') || (end !== -1 && index >= end)) return word;
    const [flag = '', ...value] = word.split('=');
    return [flag.replaceAll('_', '-'), ...value].join('=');
  });
};

/** Gives every command of the tree the same manners: it writes where we say, and throws rather than ends the process. */
const mannered = (command: Command, options: CliOptions): void => {
  const { stdout, stderr } = options;
  command
    .exitOverride()
    .showSuggestionAfterError()
    .configureHelp({ sortSubcommands: true, helpWidth: Math.min(stdout.columns ?? 100, 100) })
    .configureOutput({
      writeOut: (text) => void stdout.write(text),
      writeErr: (text) => void stderr.write(text),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    });
  for (const inner of command.commands) mannered(inner, options);
};

/** The exit code of an error, once it is said. A bug is not dressed up: it is thrown on. */
const told = (error: unknown, options: CliOptions): number => {
  if (error instanceof CommanderError) {
    const asked = ['commander.helpDisplayed', 'commander.version', 'commander.help'].includes(error.code);
    return asked && error.exitCode === 0 ? exits.done : exits.usage;
  }
  if (!(error instanceof Failure)) throw error;
  const { warn, tint } = terminal(options, {});
  // It may hold what somebody else wrote.
  warn(`${tint('red', 'error:')} ${visible(error.message)}`);
  if (error.hint !== undefined) warn(`${tint('dim', 'hint:')} ${error.hint}`);
  return error.exit;
};

/**
 * The command line `acta`: reads what was asked, carries it out against a running server over HTTP (or hands `serve`,
 * `demo` and `doctor` to main), and answers the exit code of interfaces 5.1. It never ends the process itself.
 */
export const cli = async (options: CliOptions): Promise<number> => {
  let exit: number = exits.done;
  const stops = stoppable(options.signals);
  // Whoever reads the result may leave early, as `head` does: then there is nothing more to do.
  const result = delivery(options.stdout, stops.stop);
  const top = program({ ...options, signals: stops }, (code) => {
    exit = code;
  });
  mannered(top, options);
  const orTold = (work: Promise<unknown>, ended: () => number): Promise<number> =>
    work.then(ended, (error: unknown) => told(error, options));
  try {
    const carriedOut = top.parseAsync(withDashes(options.argv), { from: 'user' });
    const ended = await orTold(Promise.race([carriedOut, result.broken]), () => exit);
    if (ended === exits.done) return await orTold(result.settled(), () => ended);
    // One failure is enough to tell of.
    await result.settled().catch(() => undefined);
    return ended;
  } finally {
    result.stop();
  }
};
