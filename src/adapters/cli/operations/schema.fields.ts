import { z } from 'zod';

/** As much of JSON Schema as the command line needs to know of an input or an output. */
interface Schema {
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, Schema>>;
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
}

/** How a field is written on a command line. */
export type Kind = 'text' | 'number' | 'truth' | 'texts' | 'numbers' | 'json';

export interface Field {
  /** As on the wire, snake_case. */
  readonly name: string;
  readonly kind: Kind;
  readonly required: boolean;
  readonly choices: readonly string[];
  readonly preset: unknown;
  readonly says: string | undefined;
}

const schemaOf = (schema: z.ZodType, io: 'input' | 'output'): Schema =>
  z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as Schema;

const resolved = (schema: Schema, root: Schema): Schema =>
  schema.$ref?.startsWith('#/$defs/') === true ? (root.$defs?.[schema.$ref.slice(8)] ?? {}) : schema;

/** The schema and all its branches, as one list. */
const branchesOf = (schema: Schema, root: Schema): readonly Schema[] => {
  const own = resolved(schema, root);
  const inner = [...(own.anyOf ?? []), ...(own.oneOf ?? []), ...(own.allOf ?? [])];
  return [own, ...inner.flatMap((branch) => branchesOf(branch, root))];
};

const typesOf = (branches: readonly Schema[]): ReadonlySet<string> =>
  new Set(branches.flatMap(({ type }) => (type === undefined ? [] : [type].flat())).filter((type) => type !== 'null'));

const choicesOf = (branches: readonly Schema[]): readonly string[] =>
  branches
    .flatMap(({ enum: values, const: value }) => values ?? (value === undefined ? [] : [value]))
    .filter((value) => typeof value === 'string');

const isNumber = (types: ReadonlySet<string>): boolean => types.has('number') || types.has('integer');

const kindOf = (schema: Schema, root: Schema): { readonly kind: Kind; readonly choices: readonly string[] } => {
  const branches = branchesOf(schema, root);
  const types = typesOf(branches);
  // What may be an object as well as a list is any JSON: read as words between commas it would be cut up in silence.
  if (types.has('array') && types.has('object')) return { kind: 'json', choices: [] };
  if (types.has('array')) {
    const items = branches.flatMap(({ items: item }) => (item === undefined ? [] : branchesOf(item, root)));
    const inner = typesOf(items);
    const kind = inner.has('string') ? 'texts' : isNumber(inner) ? 'numbers' : 'json';
    return { kind, choices: kind === 'texts' ? choicesOf(items) : [] };
  }
  if (types.has('string')) return { kind: 'text', choices: choicesOf(branches) };
  if (isNumber(types)) return { kind: 'number', choices: [] };
  return { kind: types.has('boolean') ? 'truth' : 'json', choices: [] };
};

/** The fields of an object schema, in the order in which they were written. */
export const fieldsOf = (schema: z.ZodType): readonly Field[] => {
  const root = schemaOf(schema, 'input');
  const branches = branchesOf(root, root);
  const required = new Set(branches.flatMap((branch) => branch.required ?? []));
  return branches
    .flatMap(({ properties = {} }) => Object.entries(properties))
    .map(([name, property]) => ({
      name,
      ...kindOf(property, root),
      required: required.has(name),
      preset: property.default,
      says: resolved(property, root).description,
    }));
};

const isScalar = (schema: Schema, root: Schema): boolean => {
  const types = typesOf(branchesOf(schema, root));
  return types.size > 0 && !types.has('object') && !types.has('array');
};

/** The columns of a table of this output: the scalar fields of its rows, or none where it is not a list. */
export const columnsOf = (output: z.ZodType): readonly string[] => {
  const root = schemaOf(output, 'output');
  const list = branchesOf(root, root).map(({ properties }) => properties?.['data']);
  const rows = list.flatMap((schema) => (schema === undefined ? [] : branchesOf(schema, root)));
  return rows
    .flatMap(({ items }) => (items === undefined ? [] : branchesOf(items, root)))
    .flatMap(({ properties = {} }) => Object.entries(properties))
    .filter(([, schema]) => isScalar(schema, root))
    .map(([name]) => name);
};
