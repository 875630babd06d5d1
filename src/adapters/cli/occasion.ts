import type { Command } from 'commander';
import type { Config } from '../../config.ts';
import type { Client } from './connection/client.ts';
import { connect, type Whereabouts } from './connection/connection.ts';
import type { Check } from './doctor/doctor.checks.ts';
import { interrupts, type Interrupts, type SignalSource } from './terminal/interrupts.ts';
import { terminal, type Environment, type Manners, type Streams, type Terminal } from './terminal/terminal.ts';
import type { CliOperation } from './operations/verb.ts';

/** What the command line is given to work with; `serve`, `demo`, `open` and `doctor` are what only main can do. */
export interface CliOptions extends Omit<Streams, 'env'> {
  /** Without the names of Node and of the script. */
  readonly argv: readonly string[];
  readonly env: Environment;
  /** Where relative paths begin. */
  readonly folder: string;
  readonly version: string;
  /** The commands that mirror operations are read from these. */
  readonly operations: readonly CliOperation[];
  readonly signals: SignalSource;
  /** Runs until it is stopped, and minds the signals itself. Answers the exit code. */
  readonly serve: (config: Config) => Promise<number>;
  readonly demo: (config: Config) => Promise<number>;
  /** A server on this machine that another command stands in front of. */
  readonly open: (config: Config) => Promise<{ readonly url: string; readonly stop: () => Promise<void> }>;
  /** What can be checked only with the parts of a server at hand. */
  readonly doctor: (config: Config) => Promise<readonly Check[]>;
}

/** The flags that every command takes. */
export type Flags = Manners & Whereabouts & { readonly yes?: boolean };

/** One command that is being carried out. */
export interface Occasion {
  readonly options: CliOptions;
  readonly flags: Flags & Readonly<Record<string, unknown>>;
  readonly terminal: Terminal;
  readonly interrupts: Interrupts;
  /** The server that is meant. The first Ctrl-C ends its requests, unless another signal does. */
  readonly client: (signal?: AbortSignal) => Client;
}

/** Prepares what a command needs, from its own flags and the ones of all commands. */
export const occasion = (options: CliOptions, command: Command): Occasion => {
  const flags = command.optsWithGlobals<Occasion['flags']>();
  const screen = terminal(options, flags);
  const stops = interrupts(options.signals);
  return {
    options,
    flags,
    terminal: screen,
    interrupts: stops,
    client: (signal = stops.once) => connect(flags, options, screen, signal),
  };
};
