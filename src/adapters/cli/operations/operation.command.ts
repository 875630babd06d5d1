import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { Command, Option } from 'commander';
import type { Asking } from '../connection/client.ts';
import { confirm } from '../terminal/confirm.ts';
import { exitOfAnswer, exits, usage, type Exit } from '../exits.ts';
import type { Occasion } from '../occasion.ts';
import { drawn } from './drawings.ts';
import { answersOf } from './paging.ts';
import { render } from '../terminal/render.ts';
import type { Field } from './schema.fields.ts';
import { flagOf, type Verb } from './verb.ts';
import { inputFrom, valueOf } from './written.ts';

type Input = Readonly<Record<string, unknown>>;

const placeholders = { text: 'text', number: 'n', truth: '', texts: 'a,b', numbers: '1,2', json: 'json' } as const;

const describedField = ({ says, choices, preset, required }: Field): string =>
  [
    says,
    choices.length > 0 ? `one of: ${choices.join(', ')}` : undefined,
    preset === undefined || preset === null || preset === '' ? undefined : `default: ${JSON.stringify(preset)}`,
    required ? 'required' : undefined,
  ]
    .filter((part) => part !== undefined)
    .join('; ');

const optionsFor = (field: Field): readonly Option[] => {
  const flag = flagOf(field.name);
  if (field.kind === 'truth') return [new Option(`--${flag}`, describedField(field)), new Option(`--no-${flag}`)];
  const option = new Option(`--${flag} <${placeholders[field.kind]}>`, describedField(field));
  if (field.kind === 'texts' || field.kind === 'numbers')
    option.argParser((value, before: readonly string[] | undefined) => [...(before ?? []), value]);
  return [option];
};

const attributeOf = (field: Field): string => new Option(`--${flagOf(field.name)}`).attributeName();

/** The input as it was written: the file first, flags over it, positionals over those. */
const inputOf = (verb: Verb, written: readonly (string | undefined)[], { flags, options }: Occasion): Input => {
  const { body } = flags;
  const input: Record<string, unknown> = typeof body === 'string' ? { ...inputFrom(body, options.folder) } : {};
  for (const field of verb.flags) {
    const given = flags[attributeOf(field)];
    if (given !== undefined) input[field.name] = valueOf(given, field);
  }
  const leading = [...verb.positionals, ...(verb.opener === undefined ? [] : [verb.opener])];
  for (const [index, field] of leading.entries()) {
    const given = written[index];
    if (given !== undefined) input[field.name] = valueOf(given, field);
  }
  const missing = verb.flags.filter(({ name, required }) => required && input[name] === undefined);
  if (missing.length > 0)
    throw usage(
      `${missing.map(({ name }) => `--${flagOf(name)}`).join(', ')} must be given`,
      `acta ${verb.noun} ${verb.verb} --help shows examples`,
    );
  return input;
};

/** A query's value as it stands in an address; a list is separated by commas. */
const inQuery = (value: unknown): string =>
  typeof value === 'string' ? value : Array.isArray(value) ? value.map(inQuery).join(',') : JSON.stringify(value);

/** The request that an input makes: names in braces come into the path, the rest into the query or the body. */
export const askingOf = ({ method, path: template, kind }: Verb, input: Input, flags: Occasion['flags']): Asking => {
  const rest = new Map(Object.entries(input));
  const address = template.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = rest.get(name);
    rest.delete(name);
    return encodeURIComponent(inQuery(value));
  });
  const { ifMatch, idempotencyKey, minPosition } = flags;
  const headers: Record<string, string> = {};
  if (typeof ifMatch === 'string') headers['If-Match'] = `"${ifMatch.replaceAll('"', '')}"`;
  if (typeof minPosition === 'string') headers['Acta-Min-Position'] = minPosition;
  // With a name of its own a request may be sent twice and is done once.
  if (kind === 'command')
    headers['Idempotency-Key'] = typeof idempotencyKey === 'string' ? idempotencyKey : randomUUID();
  const bodied = method === 'POST' || method === 'PUT' || method === 'PATCH';
  if (bodied) return { method, path: address, headers, body: Object.fromEntries(rest) };
  return {
    method,
    path: address,
    headers,
    query: Object.fromEntries([...rest].map(([name, value]) => [name, inQuery(value)])),
  };
};

/** Puts a secret into a file that only its owner reads, and out of what is shown. */
const secured = (body: unknown, file: string, { options, terminal }: Occasion): unknown => {
  if (typeof body !== 'object' || body === null || !('secret' in body) || typeof body.secret !== 'string') return body;
  writeFileSync(path.resolve(options.folder, file), `${body.secret}\n`, { mode: 0o600, flag: 'wx' });
  terminal.note(`the secret is in ${file}, which only you can read`);
  return { ...body, secret: null };
};

/**
 * Carries out a verb: one request, or one a page with `--all`, and the answer in the form that was asked for. Resolves with
 * the exit code, for an answer may say that the gate has denied what was asked.
 */
export const carryOut = async (
  verb: Verb,
  written: readonly (string | undefined)[],
  occasion: Occasion,
): Promise<Exit> => {
  const { terminal, flags } = occasion;
  const input = inputOf(verb, written, occasion);
  // What is only about to be made has no name yet: the noun is typed instead.
  const name = written[verb.positionals.length - 1];
  const line = ['acta', verb.noun, verb.verb, ...(name === undefined ? [] : [name])].join(' ');
  if (verb.destructive) await confirm(line, name ?? verb.noun, occasion);
  const client = occasion.client();
  const ask = (asked: Input): ReturnType<typeof client.ask> => client.ask(askingOf(verb, asked, flags));
  let exit: Exit = exits.done;
  for await (const { body, headers } of answersOf(ask, input, occasion)) {
    const { out } = flags;
    const picture = drawn(`${verb.noun} ${verb.verb}`, body, terminal);
    if (picture === undefined)
      await render(typeof out === 'string' ? secured(body, out, occasion) : body, verb.columns, terminal);
    else await terminal.print(picture.join('\n'));
    if (verb.sensitive && typeof out !== 'string') terminal.note('keep the secret now: it is shown this once');
    const position = headers.get('Acta-Position');
    if (verb.kind === 'command' && terminal.screen && position !== null)
      terminal.note(terminal.tint('dim', `recorded at position ${position}`));
    if (verb.kind === 'command') exit = exitOfAnswer(body);
  }
  return exit;
};

/** The command of a verb, with its flags, its help and its examples; what it does is added by who knows how. */
export const operationCommand = (verb: Verb): Command => {
  const command = new Command(verb.verb).summary(verb.summary).description(verb.description ?? verb.summary);
  for (const { name, says } of verb.positionals) command.argument(`<${name}>`, says);
  if (verb.opener !== undefined) command.argument(`[${verb.opener.name}]`, verb.opener.says);
  for (const field of verb.flags) for (const option of optionsFor(field)) command.addOption(option);
  command.option('--body <file>', 'the input as JSON, from a file or from - for stdin; flags win over it');
  if (verb.kind === 'command') {
    const read = verb.guarded ? 'the revision that you have read; required' : 'only if it is still at this revision';
    command.option('--if-match <revision>', read);
    command.option('--idempotency-key <key>', 'a name of your own for this request: sent again, it is done once');
  } else {
    command.option('--min-position <position>', 'wait until what was recorded there is visible');
    if (verb.columns.length > 0) command.option('--all', 'every page, not just the first');
  }
  if (verb.sensitive) command.option('--out <file>', 'put the secret into a new file that only you can read');
  const examples = verb.examples.map(({ title, line }) => `  # ${title}\n  $ ${line}`).join('\n');
  return examples === '' ? command : command.addHelpText('before', `Examples:\n${examples}\n`);
};
