import * as E from 'fp-ts/lib/Either.js';
import type { Event, KnownEvent, Recorded, Recording, Unreadable } from './event.ts';

/** Every event this build knows, by name. */
export interface Catalogue {
  readonly definitions: ReadonlyMap<string, KnownEvent>;
  /** A stored event in today's shape, or why it cannot be understood. */
  readonly read: (
    stored: Recording & { readonly type: string; readonly data: unknown },
  ) => E.Either<Unreadable, Recorded>;
  /** The version under which an event of today is recorded; a payload its schema refuses is a bug, and throws. */
  readonly versionOf: (event: Event) => number;
}

/** Builds the catalogue; two definitions of one name are a bug, and throw. */
export const catalogueOf = (...groups: readonly (readonly KnownEvent[])[]): Catalogue => {
  const definitions = new Map<string, KnownEvent>();
  for (const definition of groups.flat()) {
    if (definitions.has(definition.type)) throw new Error(`${definition.type} is defined twice`);
    definitions.set(definition.type, definition);
  }
  return Object.freeze({
    definitions,
    read: (stored: Recording & { readonly type: string; readonly data: unknown }): E.Either<Unreadable, Recorded> => {
      const definition = definitions.get(stored.type);
      if (definition === undefined) return E.left({ reason: 'UnknownEventType', type: stored.type });
      const data = definition.read(Number(stored.metadata['version'] ?? 1), stored.data);
      return E.isLeft(data) ? data : E.right({ ...stored, data: data.right });
    },
    versionOf: (event: Event) => {
      const definition = definitions.get(event.type);
      if (definition === undefined) throw new Error(`${event.type} is not in the catalogue`);
      const checked = definition.check(event.data);
      if (E.isLeft(checked)) throw new Error(`${event.type}: ${JSON.stringify(checked.left)}`);
      return definition.version;
    },
  });
};
