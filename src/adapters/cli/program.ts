import { Command, Option } from 'commander';
import { z } from 'zod';
import { approve } from './approve/approve.ts';
import { chat } from './chat/chat.ts';
import { doctor } from './doctor/doctor.ts';
import { Failure, exits, understood, usage } from './exits.ts';
import { mcp, mcpCommand } from './mcp/mcp.command.ts';
import { occasion, type CliOptions, type Occasion } from './occasion.ts';
import { carryOut, operationCommand } from './operations/operation.command.ts';
import { serverCommand } from './server.command.ts';
import { status } from './status.ts';
import { tail } from './tail/tail.ts';
import { verbOf, type Verb } from './operations/verb.ts';
import { watch } from './watch.ts';

const positive = (name: string) => (text: string) => {
  if (!/^\d{1,9}$/.test(text) || Number(text) === 0) throw usage(`${name} is a whole number above 0, not "${text}"`);
  return Number(text);
};

const manners = (program: Command): Command =>
  program
    .addOption(new Option('--json', 'the result as one JSON document'))
    .addOption(new Option('--ndjson', 'lists and events as one JSON document a line'))
    .addOption(new Option('--plain', 'tab-separated, without a head'))
    .addOption(new Option('-q, --quiet', 'no hints and no progress'))
    .addOption(new Option('--no-color', 'no colours (also NO_COLOR)'))
    .addOption(new Option('--no-input', 'never ask anything'))
    .addOption(new Option('-y, --yes', 'confirm what cannot be taken back'))
    .addOption(new Option('--url <url>', 'the server (ACTA_URL; else the one that runs on ACTA_DATA)'))
    .addOption(new Option('--key-file <file>', 'a file that holds the key, - for stdin (also ACTA_KEY, ACTA_KEY_FILE)'))
    .addOption(new Option('--timeout <seconds>', 'how long to wait for an answer').argParser(positive('--timeout')));

type Work = (occasion: Occasion, written: readonly (string | undefined)[]) => Promise<void>;
type Act = (work: Work) => (...given: unknown[]) => Promise<void>;

/** How commands are carried out: each gets its occasion, and leaves at once on a second Ctrl-C. */
const actOn =
  (options: CliOptions): Act =>
  (work) =>
  async (...given) => {
    const command = given.at(-1);
    if (!(command instanceof Command)) throw new TypeError('commander passes the command last');
    const prepared = occasion(options, command);
    const { once, twice, stop } = prepared.interrupts;
    const left = new Promise<never>((_, reject) => {
      twice.addEventListener('abort', () => reject(new Failure(exits.interrupted, 'left')), { once: true });
    });
    try {
      const written = given.slice(0, -2).map((value) => (typeof value === 'string' ? value : undefined));
      await Promise.race([work(prepared, written), left]);
      if (once.aborted) throw new Failure(exits.interrupted, 'interrupted');
    } finally {
      stop();
    }
  };

const examples = (...lines: readonly string[]): string =>
  `Examples:\n${lines.map((line) => `  $ ${line}`).join('\n')}\n`;

const chatCommand = (act: Act): Command =>
  new Command('chat')
    .description('Talk to an agent: line by line on a terminal, one message with --message or from stdin')
    .argument('[agent]', 'the id of an agent; the default one when left out')
    .option('-m, --message <text>', 'say one thing, write the answer, and end')
    .option('--session <session_id>', 'go on with a session')
    .addHelpText(
      'before',
      examples('acta chat', 'acta chat -m "What is on the record?"', 'echo hello | acta chat --json'),
    )
    .action(act((prepared, [agent]) => chat(agent, prepared)));

const tailCommand = (act: Act): Command =>
  new Command('tail')
    .description('Follow the log; a lost connection is made again where it was')
    .option('--type <types>', 'types of events, a trailing * for all that begin so, separated by commas')
    .option('--stream <stream>', 'one stream')
    .option('--correlation-id <id>', 'what belongs to one correlation')
    .option('--from-position <position>', 'begin after this position; start for the very beginning')
    .option('--since <when>', 'begin 5m, 2h or 1d ago, or at an instant')
    .option('--limit <n>', 'end after so many events', positive('--limit'))
    .option('--no-follow', 'end when caught up')
    .addHelpText(
      'before',
      examples(
        "acta tail --type 'Turn*,AgentPaused'",
        'acta tail --since 5m',
        'acta tail --ndjson --from-position 1048570',
      ),
    )
    .action(act((prepared) => tail(prepared)));

const approveCommand = (act: Act, ended: (exit: number) => void): Command =>
  new Command('approve')
    .description('Go through what waits for an agreement, soonest expiry first; off a terminal it is listed')
    .addHelpText('before', examples('acta approve', 'acta approve --json', 'acta approve --no-input || echo waiting'))
    .action(act(async (prepared) => ended(await approve(prepared))));

const Begun = z.looseObject({ operation_id: z.string() });

const rebuildCommand = (act: Act): Command =>
  new Command('rebuild')
    .description('Build a read model anew beside the one that serves, and follow it; reads go on meanwhile')
    .argument('<name>', 'the name of the read model')
    .addOption(
      new Option('--swap <when>', 'auto: serve it as soon as it is ready; manual: on acta operations swap')
        .choices(['auto', 'manual'])
        .default('auto'),
    )
    .option('--no-wait', 'only start it')
    .option('--cancel-on-interrupt', 'Ctrl-C cancels the rebuild, rather than only the watching')
    .addHelpText(
      'before',
      examples('acta projections rebuild agents', 'acta projections rebuild agents --swap manual --json'),
    )
    .action(
      act(async (prepared, [name = '']) => {
        const { terminal, flags } = prepared;
        const path = `/projections/${encodeURIComponent(name)}/rebuild`;
        const { body } = await prepared.client().ask({ method: 'POST', path, body: { swap: flags['swap'] } });
        const { operation_id } = understood(Begun, body, 'a rebuild');
        terminal.note(`${name} is being rebuilt; reads go on. Operation ${operation_id}`);
        if (flags['wait'] === false)
          await terminal.print(terminal.form === 'json' ? JSON.stringify(body) : operation_id);
        else await watch(operation_id, prepared);
      }),
    );

const watchCommand = (act: Act): Command =>
  new Command('watch')
    .description('Follow a long piece of work until it has ended')
    .argument('<operation_id>', 'as it was answered when the work began')
    .option('--cancel-on-interrupt', 'Ctrl-C cancels the work, rather than only the watching')
    .addHelpText('before', examples('acta operations watch 0198d7a0-0000-7000-8000-000000000009'))
    .action(act((prepared, [id = '']) => watch(id, prepared)));

/** The verbs that are written by hand, under their nouns; an operation of the same name gives way. */
const verbsByHand = (act: Act): ReadonlyMap<string, Command> =>
  new Map([
    ['projections rebuild', rebuildCommand(act)],
    ['operations watch', watchCommand(act)],
  ]);

const nounCommand = (program: Command, noun: string): Command => {
  const known = program.commands.find((command) => command.name() === noun);
  if (known !== undefined) return known;
  const made = new Command(noun).description(`${noun}: see acta ${noun} --help`);
  program.addCommand(made);
  return made;
};

const addVerbs = (program: Command, verbs: readonly Verb[], act: Act, ended: (exit: number) => void): void => {
  const byHand = verbsByHand(act);
  for (const verb of verbs) {
    // `status` speaks for itself, without a verb.
    if (verb.noun === 'status' || byHand.has(`${verb.noun} ${verb.verb}`)) continue;
    const action = act(async (prepared, written) => ended(await carryOut(verb, written, prepared)));
    nounCommand(program, verb.noun).addCommand(operationCommand(verb).action(action));
  }
  for (const [name, made] of byHand) nounCommand(program, name.split(' ')[0] ?? name).addCommand(made);
};

/** The whole command line. `ended` hears the exit code of what main carries out. */
export const program = (options: CliOptions, ended: (exit: number) => void): Command => {
  const act = actOn(options);
  const top = manners(new Command('acta'))
    .description('An event-sourced runtime for governed agents')
    .version(`acta ${options.version}`, '--version', 'the version')
    .helpCommand('help [command]', 'how a command is used')
    .addHelpText('before', examples('npm start', 'acta serve', 'acta chat -m "What is on the record?"', 'acta tail'))
    .addHelpText(
      'after',
      '\nExit codes: 0 done, 1 failed, 2 usage, 3 not found, 4 not allowed, 5 conflict, 6 denied,\n7 waiting for approval, 8 incomplete, 10 unreachable, 124 timeout, 130 interrupted.',
    )
    .addCommand(serverCommand('serve', 'Start a server', options, ended))
    .addCommand(serverCommand('demo', 'Start a server with an agent that answers offline', options, ended))
    .addCommand(
      new Command('doctor')
        .description('Look at what a server would run on')
        .action(act((prepared) => doctor(prepared))),
    )
    .addCommand(
      new Command('status')
        .description('What runs, and whether it is ready')
        .action(act((prepared) => status(prepared))),
    )
    .addCommand(chatCommand(act))
    .addCommand(tailCommand(act))
    .addCommand(mcpCommand(act((prepared) => mcp(prepared))))
    .addCommand(approveCommand(act, ended));
  addVerbs(
    top,
    options.operations.flatMap((operation) => verbOf(operation) ?? []),
    act,
    ended,
  );
  return top;
};
