import { Command, Option } from 'commander';
import { readConfig, type Config } from '../../config.ts';
import type { Variable } from '../../settings.ts';
import { usage } from './exits.ts';
import type { CliOptions } from './occasion.ts';

/** The variables that can also be written as flags; a flag wins over the environment, as the environment over `.env`. */
const flags: readonly (readonly [flag: string, variable: Variable, says: string])[] = [
  ['--host <address>', 'HOST', 'the address to listen on'],
  ['--port <port>', 'PORT', 'the port to listen on; it must be free'],
  ['--data <folder>', 'ACTA_DATA', 'the folder of the embedded log and database'],
  ['--role <roles>', 'ACTA_ROLES', 'some of api,projections,processes'],
  ['--log-port <port>', 'ACTA_LOG_PORT', "a port on loopback for EventStoreDB's protocol onto the embedded log"],
  [
    '--accept-loss',
    'ACTA_ACCEPT_LOSS',
    'start once although acknowledged events of the embedded log are gone; that is recorded',
  ],
  ['--rebuild <when>', 'ACTA_REBUILD', 'auto or manual: when a read model whose version was raised is rebuilt'],
  ['--log-level <level>', 'ACTA_LOG_LEVEL', 'from which level on it logs'],
];

/** The environment with the flags in it, understood; every fault is told at once. */
const configFrom = (written: Readonly<Record<string, unknown>>, { env, folder }: CliOptions): Config => {
  const said = flags.flatMap(([flag, variable]) => {
    const value = written[new Option(flag).attributeName()];
    return typeof value === 'string' || value === true ? [[variable, String(value)] as const] : [];
  });
  const read = readConfig({ ...env, ...Object.fromEntries(said) }, folder);
  if (read.ok) return read.config;
  throw usage(read.faults.map(({ message }) => message).join('\n  '), 'acta doctor lists every variable');
};

/** `serve` or `demo`: both start a server, and differ in what main starts it with. */
export const serverCommand = (
  name: 'serve' | 'demo',
  says: string,
  options: CliOptions,
  ended: (exit: number) => void,
): Command => {
  const command = new Command(name).description(says);
  for (const [flag, , description] of flags) command.option(flag, description);
  command.addHelpText('before', `Examples:\n  $ acta ${name}\n  $ acta ${name} --port 9000 --data ./elsewhere\n`);
  return command.action(async (written: Readonly<Record<string, unknown>>) => {
    ended(await options[name](configFrom(written, options)));
  });
};
