import { z } from 'zod';

/** As much of JSON Schema 2020-12 as is read here; the rest is passed on as it is. */
export interface JsonSchema {
  readonly [keyword: string]: unknown;
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, JsonSchema>>;
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | JsonSchema;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
}

const known = { input: new WeakMap<z.ZodType, JsonSchema>(), output: new WeakMap<z.ZodType, JsonSchema>() } as const;

/** A zod schema as JSON Schema 2020-12: of what goes in, or of what comes out. Made once for each schema; nobody changes it. */
export const jsonSchemaOf = (schema: z.ZodType, io: 'input' | 'output'): JsonSchema => {
  const made = known[io].get(schema) ?? (z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as JsonSchema);
  known[io].set(schema, made);
  return made;
};

const branches = ({ anyOf = [], oneOf = [], allOf = [] }: JsonSchema): readonly JsonSchema[] => [
  ...anyOf,
  ...oneOf,
  ...allOf,
];

const resolved = (schema: JsonSchema, root: JsonSchema): JsonSchema =>
  schema.$ref?.startsWith('#/$defs/') === true ? (root.$defs?.[schema.$ref.slice(8)] ?? {}) : schema;

/** The fields that an object schema names, over all its branches. */
export const fieldsOf = (schema: JsonSchema, root: JsonSchema = schema): Readonly<Record<string, JsonSchema>> =>
  Object.assign(
    {},
    schema.properties,
    ...branches(schema).map((branch) => fieldsOf(resolved(branch, root), root)),
  ) as Record<string, JsonSchema>;

const typesOf = (schema: JsonSchema, root: JsonSchema): readonly string[] => {
  const own = schema.type === undefined ? [] : [schema.type].flat();
  return [...own, ...branches(schema).flatMap((branch) => typesOf(resolved(branch, root), root))];
};

/** A value as it stands in an address, in the form its schema wants; left as it is where it has not that form. */
export type Reading = (written: string | readonly string[]) => unknown;

const number = /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/;
const truth: Readonly<Record<string, boolean>> = { true: true, '1': true, '': true, false: false, '0': false };

const one =
  (types: readonly string[]): ((text: string) => unknown) =>
  (text) => {
    if (types.includes('boolean') && truth[text] !== undefined) return truth[text];
    if ((types.includes('number') || types.includes('integer')) && number.test(text)) return Number(text);
    return text;
  };

/** How a query parameter is read: numbers, booleans (`?flag` is true), and lists, by commas or by repetition. */
export const readingOf = (field: JsonSchema, root: JsonSchema): Reading => {
  const types = typesOf(resolved(field, root), root);
  if (!types.includes('array')) {
    const read = types.includes('string') ? (text: string) => text : one(types);
    return (written) => (typeof written === 'string' ? read(written) : written);
  }
  const read = one(typesOf(resolved(field.items ?? {}, root), root));
  return (written) => [written].flat().flatMap((text) => text.split(',').map((item) => read(item.trim())));
};

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A member that no schema names, and the names that were known in its place. */
export interface Stranger {
  readonly path: readonly (string | number)[];
  readonly known: readonly string[];
}

/** No more are told of than this, and no more are looked for: a body can hold tens of thousands of them. */
const strangersMax = 20;

/** What is found in one part after the other, until there is enough. */
const upToMax = <Part>(parts: Iterable<Part>, find: (part: Part) => readonly Stranger[]): readonly Stranger[] => {
  const found: Stranger[] = [];
  for (const part of parts) {
    found.push(...find(part));
    if (found.length >= strangersMax) break;
  }
  return found.slice(0, strangersMax);
};

/**
 * The members of a value that its schema does not name, at any depth, the first of them: zod drops them in silence unless
 * told otherwise, and a misspelt option would be as good as not written. Where a schema has branches, the one that knows
 * most counts.
 */
export const strangersIn = (
  value: unknown,
  schema: JsonSchema,
  root: JsonSchema = schema,
  path: readonly (string | number)[] = [],
): readonly Stranger[] => {
  const target = resolved(schema, root);
  const alternatives = [...(target.anyOf ?? []), ...(target.oneOf ?? [])];
  if (alternatives.length > 0)
    return alternatives
      .map((branch) => strangersIn(value, branch, root, path))
      .reduce((best, next) => (next.length < best.length ? next : best));
  if (Array.isArray(value)) {
    const items = target.items ?? {};
    return upToMax(value.entries(), ([index, item]) => strangersIn(item, items, root, [...path, index]));
  }
  if (!isObject(value)) return [];
  const fields = fieldsOf(target, root);
  const known = Object.keys(fields);
  const { additionalProperties: others } = target;
  // A record names no fields and describes them all; what says nothing at all lets anything stand.
  const closed = others === false || (others === undefined && (target.properties !== undefined || known.length > 0));
  return upToMax(Object.keys(value), (name) => {
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
    const described = field ?? (typeof others === 'object' ? others : undefined);
    if (described !== undefined) return strangersIn(value[name], described, root, [...path, name]);
    return closed ? [{ path: [...path, name], known }] : [];
  });
};
