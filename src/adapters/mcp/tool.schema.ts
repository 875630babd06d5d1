import { z } from 'zod';

/** As much of JSON Schema 2020-12 as is written here; the rest is passed on as it is. */
export interface JsonSchema {
  readonly [keyword: string]: unknown;
  readonly type?: string;
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly required?: readonly string[];
}

/** A tool takes and answers objects: the protocol has no other (MCP 2025-11-25, server/tools). */
export interface ObjectSchema extends JsonSchema {
  readonly type: 'object';
  readonly properties: Readonly<Record<string, unknown>>;
}

/** A zod schema as the JSON Schema of an object; what cannot be one is a bug, and throws. */
export const objectSchemaOf = (schema: z.ZodType, io: 'input' | 'output', name: string): ObjectSchema => {
  const { $schema: _, ...written } = z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as JsonSchema;
  const { type, properties } = written;
  if (type !== 'object' || properties === undefined) throw new Error(`${name}: its ${io} is not one plain object`);
  return { ...written, type, properties };
};

/** The schema with further members. */
export const withMembers = (
  schema: ObjectSchema,
  members: Readonly<Record<string, unknown>>,
  required: readonly string[] = [],
): ObjectSchema => {
  const all = [...(schema.required ?? []), ...required];
  return {
    ...schema,
    properties: { ...schema.properties, ...members },
    ...(all.length === 0 ? {} : { required: all }),
  };
};

export const withoutMember = ({ properties, ...schema }: ObjectSchema, name: string): ObjectSchema => {
  const { [name]: _, ...rest } = properties;
  return { ...schema, properties: rest };
};

/** Without what only a person at a reference page wants to read: a client checks a result, and explains it to nobody. */
export const bareSchema = (schema: unknown): unknown => {
  if (Array.isArray(schema)) return schema.map(bareSchema);
  if (typeof schema !== 'object' || schema === null) return schema;
  const unread = new Set(['description', 'pattern', 'minimum', 'maximum', '$comment', 'examples']);
  return Object.fromEntries(
    Object.entries(schema).flatMap(([word, value]) => {
      if (unread.has(word) && typeof value !== 'object') return [];
      return [[word, bareSchema(value)]];
    }),
  );
};
