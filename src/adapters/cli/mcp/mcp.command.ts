import path from 'node:path';
import { Command, Option } from 'commander';
import { readConfig, textOf } from '../../../config.ts';
import { toolsets } from '../../../domain/kernel/operation.ts';
import { keyOf, urlOf } from '../connection/connection.ts';
import { usage } from '../exits.ts';
import type { Occasion } from '../occasion.ts';
import { announcedServer } from '../server.file.ts';
import { closingMsMax, relay } from './relay.ts';

interface Open {
  readonly url: string;
  readonly key: string | undefined;
  readonly stop: () => Promise<void>;
}

/** The server that is meant; where none is named and none runs on the data folder, one that lives as long as this command. */
const opened = async ({ options, flags }: Occasion): Promise<Open> => {
  const { env, folder } = options;
  const named = flags.url ?? textOf(env, 'ACTA_URL');
  const runs = announcedServer(path.resolve(folder, textOf(env, 'ACTA_DATA') ?? '.acta')) !== undefined;
  if (flags['embedded'] !== true && (named !== undefined || runs))
    return { url: urlOf(flags, env, folder), key: keyOf(flags, env, folder), stop: () => Promise.resolve() };
  const read = readConfig({ ...env, HOST: '127.0.0.1', PORT: '0' }, folder);
  if (!read.ok) throw usage(read.faults.map(({ message }) => message).join('\n  '), 'acta doctor lists every variable');
  const { url, stop } = await options.open(read.config);
  return { url, key: keyOf(flags, env, folder) ?? read.config.bootstrap_key, stop };
};

/** `acta mcp`: one list of tools on stdin and stdout. Nothing but the protocol is written to stdout. */
export const mcp = async (occasion: Occasion): Promise<void> => {
  const { options, flags, terminal, interrupts } = occasion;
  const toolset = String(flags['toolset']);
  const { url, key, stop } = await opened(occasion);
  try {
    await relay({
      url: new URL(toolset === 'core' ? '/mcp' : `/mcp/${toolset}`, url).href,
      key,
      stdin: terminal.stdin,
      stdout: options.stdout,
      warn: terminal.warn,
      signal: interrupts.once,
      closing_ms: closingMsMax,
    });
  } finally {
    await stop();
  }
};

export const mcpCommand = (action: (...given: unknown[]) => Promise<void>): Command =>
  new Command('mcp')
    .description('Serve the Model Context Protocol on stdin and stdout, in front of a server or with one of its own')
    .addOption(new Option('--toolset <name>', 'which list of tools').choices(toolsets).default('core'))
    .option('--embedded', 'with a server of its own on ACTA_DATA, which ends with this command')
    .addHelpText(
      'before',
      'Examples:\n  $ acta mcp\n  $ acta mcp --toolset audit --url http://127.0.0.1:8000\n  $ acta mcp --embedded\n',
    )
    .action(action);
