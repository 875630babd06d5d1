import * as E from 'fp-ts/lib/Either.js';
import type { z } from 'zod';

/** A fact: what happened, in the past tense, and what is known of it. */
export interface Event<Type extends string = string, Data = unknown> {
  readonly type: Type;
  readonly data: Data;
}

/** Where and when a fact was recorded. `position` is its place in the log's total order, `revision` in its stream. */
export interface Recording {
  readonly id: string;
  readonly stream: string;
  readonly revision: number;
  readonly position: bigint;
  readonly recorded_at: string;
  readonly metadata: Readonly<Record<string, string>>;
}

export type Recorded<E extends Event = Event> = E & Recording;

/** Why a stored payload could not be understood. The event itself is untouched: it is parked and shown, never dropped. */
export type Unreadable =
  | { readonly reason: 'UnknownEventType'; readonly type: string }
  | { readonly reason: 'UnsupportedVersion'; readonly type: string; readonly version: number; readonly newest: number }
  | { readonly reason: 'MalformedData'; readonly type: string; readonly version: number; readonly issues: string };

interface Shape {
  readonly schema: z.ZodType;
  /** From the shape before this one; the first shape has none. */
  readonly upcast?: (older: never) => unknown;
}

/** What is known of an event by those who only read it. */
export interface KnownEvent<Type extends string = string, Data = unknown> {
  readonly type: Type;
  /** Today's version, counted from 1. */
  readonly version: number;
  /** Top-level fields that speak of a person; named here because schema wrappers would lose a mark of their own. */
  readonly personal: readonly string[];
  /** The schemas, oldest first. */
  readonly schemas: readonly z.ZodType[];
  /** A stored payload of any version, in today's shape. */
  readonly read: (version: number, stored: unknown) => E.Either<Unreadable, Data>;
  /** Today's payload checked before it is recorded. */
  readonly check: (data: unknown) => E.Either<Unreadable, Data>;
}

/**
 * One definition holds all that is said of an event: its name, the schema of every version it ever had, how an older
 * version becomes today's, and which fields are personal. Called, it makes an event in today's shape.
 */
export interface EventDefinition<Type extends string = string, Data = unknown> extends KnownEvent<Type, Data> {
  (data: Data): Event<Type, Data>;
  /** The next version. Optional fields with defaults need none; renames, removals and narrowings do. */
  readonly revised: <Next>(schema: z.ZodType<Next>, upcast: (older: Data) => Next) => EventDefinition<Type, Next>;
}

const described = (error: z.ZodError): string =>
  error.issues.map((issue) => `${issue.path.join('.') || '(root)'}: ${issue.message}`).join('; ');

const define = <Type extends string, Data>(
  type: Type,
  shapes: readonly Shape[],
  personal: readonly string[],
): EventDefinition<Type, Data> => {
  const newest = shapes.length;
  const parsed = (version: number, stored: unknown): E.Either<Unreadable, unknown> => {
    const shape = shapes[version - 1];
    if (shape === undefined) return E.left({ reason: 'UnsupportedVersion', type, version, newest });
    const result = shape.schema.safeParse(stored);
    return result.success
      ? E.right(result.data)
      : E.left({ reason: 'MalformedData', type, version, issues: described(result.error) });
  };
  const read = (version: number, stored: unknown): E.Either<Unreadable, Data> => {
    const start = parsed(version, stored);
    if (E.isLeft(start)) return start;
    const newer = shapes.slice(version);
    return E.right(newer.reduce((data, { upcast }) => upcast?.(data as never), start.right) as Data);
  };
  return Object.freeze(
    Object.assign((data: Data): Event<Type, Data> => ({ type, data }), {
      type,
      version: newest,
      personal,
      schemas: shapes.map(({ schema }) => schema),
      read,
      check: (data: unknown) => parsed(newest, data) as E.Either<Unreadable, Data>,
      revised: <Next>(schema: z.ZodType<Next>, upcast: (older: Data) => Next) =>
        define<Type, Next>(type, [...shapes, { schema, upcast }], personal),
    }),
  );
};

/** The first version of an event. */
export const event = <Type extends string, Data>(
  type: Type,
  schema: z.ZodType<Data>,
  { personal = [] }: { readonly personal?: readonly (keyof Data & string)[] } = {},
): EventDefinition<Type, Data> => define(type, [{ schema }], personal);

/** The union of the events that a list of definitions describes. */
export type Occurrence<Definitions extends readonly KnownEvent[]> = {
  [K in keyof Definitions]: Definitions[K] extends KnownEvent<infer Type, infer Data> ? Event<Type, Data> : never;
}[number];
