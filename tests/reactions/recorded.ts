import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import type { Recorded } from '../../src/domain/kernel/event.ts';
import type { Reaction, Request } from '../../src/domain/kernel/reaction.ts';

export const recorded_at = '2026-11-21T12:00:09.000Z';

/** An event in its golden form, as the log would hand it over; `changes` to what it says are laid over it. */
export const golden = (
  type: string,
  changes: object = {},
): Recorded & { readonly data: Readonly<Record<string, never>> } => {
  const file = new URL(`../golden/events/${type}.v1.json`, import.meta.url);
  const data = { ...(JSON.parse(readFileSync(file, 'utf8')) as object), ...changes } as Readonly<Record<string, never>>;
  const where = { id: `of-${type}`, stream: 'x-1', revision: 0, position: 0n };
  return { type, data, ...where, recorded_at, metadata: {} };
};

const frozen = <T>(value: T): T => {
  if (value !== null && typeof value === 'object') {
    Object.freeze(value);
    for (const member of Object.values(value)) frozen(member);
  }
  return value;
};

/** What a reaction asks for because of an event: the same each time, and nothing of the event is changed. */
export const asks = (reaction: Reaction, event: Recorded): readonly Request[] => {
  const react = reaction.on[event.type];
  expect(react, `${reaction.name} hears ${event.type}`).toBeDefined();
  const requests = react!(frozen(event));
  expect(react!(event)).toEqual(requests);
  return requests;
};
