import type { AnyOperation } from '../../../domain/kernel/operation.ts';
import { columnsOf, fieldsOf, type Field } from './schema.fields.ts';

/** What of an operation the command line reads; who runs it is the server's business. */
export type CliOperation = Omit<AnyOperation<never>, 'run' | 'stream'>;

/** One command of the command line, read from an operation. */
export interface Verb {
  readonly noun: string;
  readonly verb: string;
  readonly summary: string;
  readonly description: string | undefined;
  readonly method: string;
  readonly path: string;
  /** Written in the order of the path, without a flag. */
  readonly positionals: readonly Field[];
  /** Written as flags; the first required text may stand without one, after the others. */
  readonly flags: readonly Field[];
  readonly opener: Field | undefined;
  readonly columns: readonly string[];
  readonly kind: 'command' | 'query';
  readonly destructive: boolean;
  readonly sensitive: boolean;
  /** Has to be told which revision was read. */
  readonly guarded: boolean;
  readonly examples: readonly { readonly title: string; readonly line: string }[];
}

/** `agent_id` is written `--agent-id`. */
export const flagOf = (name: string): string => name.replaceAll('_', '-');

const plain = /^[\w@%+=:,./-]+$/;
const quoted = (text: string): string => (plain.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);

const writtenOf = (value: unknown): string => {
  if (typeof value === 'string') return value;
  if (Array.isArray(value) && value.every((item) => typeof item !== 'object')) return value.join(',');
  return JSON.stringify(value);
};

const sameJson = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

type Parts = Pick<Verb, 'noun' | 'verb' | 'positionals' | 'flags' | 'opener'>;

/** The command line that asks for this input. What the server assumes anyway is left out. */
export const lineOf = (
  { noun, verb, positionals, flags, opener }: Parts,
  input: Readonly<Record<string, unknown>>,
): string => {
  const said = (field: Field): boolean =>
    input[field.name] !== undefined && input[field.name] !== null && !sameJson(input[field.name], field.preset);
  const leading = [...positionals, ...(opener === undefined ? [] : [opener])].map(({ name }) =>
    quoted(writtenOf(input[name] ?? '')),
  );
  const rest = flags
    .filter((field) => field !== opener && said(field))
    .map(({ name, kind }) => {
      if (kind === 'truth') return input[name] === true ? `--${flagOf(name)}` : `--no-${flagOf(name)}`;
      return `--${flagOf(name)} ${quoted(writtenOf(input[name]))}`;
    });
  return ['acta', noun, verb, ...leading, ...rest].join(' ');
};

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

/** Reads a verb from an operation that has one and answers JSON. */
export const verbOf = (operation: CliOperation): Verb | undefined => {
  const [noun, verb] = operation.cli?.split(' ') ?? [];
  if (noun === undefined || verb === undefined || operation.text !== undefined) return undefined;
  const { method, path } = operation.http;
  const fields = fieldsOf(operation.input);
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
  const positionals = inPath.flatMap((name) => fields.find((field) => field.name === name) ?? []);
  const flags = fields.filter((field) => !positionals.includes(field));
  const opener = flags.find(({ required, kind, choices }) => required && kind === 'text' && choices.length === 0);
  const parts: Parts = { noun, verb, positionals, flags, opener };
  return {
    ...parts,
    summary: operation.summary,
    description: operation.description,
    method,
    path,
    columns: columnsOf(operation.output),
    kind: operation.kind,
    // Whoever names the revision that they looked at has said what they mean.
    destructive: (operation.mcp?.destructive === true && operation.guarded !== true) || method === 'DELETE',
    sensitive: operation.sensitive === true,
    guarded: operation.guarded === true,
    examples: operation.examples.map(({ title, input }) => ({
      title,
      line: `${lineOf(parts, isRecord(input) ? input : {})}${operation.guarded === true ? ' --if-match 3' : ''}`,
    })),
  };
};
