import { digest } from '../../domain/kernel/digest.ts';
import type { Recorded } from '../../domain/kernel/event.ts';
import { tenantOf } from '../../domain/kernel/tenant.ts';

/** What stands for an item in lists. */
const titleCharsMax = 200;
/** What is searched of an item, and embedded: the bound of an embedding (requirements D90). */
const textCharsMax = 8_192;

/** One thing that can be recalled: what is searched of it, and from when to when it was known. */
export interface MemoryItemRow {
  readonly kind: string;
  readonly item_id: string;
  readonly tenant: string;
  readonly agent_id: string;
  readonly title: string;
  readonly text: string;
  /** Names the text: under it its vector is kept, whatever item says the same. */
  readonly content_digest: string;
  readonly active: boolean;
  readonly learned_position: bigint;
  /** Since when it is no longer recalled, and why. */
  readonly ended_position: bigint | null;
  readonly ended_why: string | null;
  readonly revision: number;
  readonly position: bigint;
}

interface Said {
  readonly title: string;
  readonly text: string;
}

const cut = (text: string, charsMax: number): string => text.slice(0, charsMax).toWellFormed();

export const said = (title: string, parts: readonly (string | null)[]): Said & { readonly content_digest: string } => {
  const text = cut(parts.filter((part) => part !== null && part !== '').join('\n'), textCharsMax);
  return { title: cut(title, titleCharsMax), text, content_digest: digest(text) };
};

export const remembered = (
  kind: string,
  item_id: string,
  agent_id: string,
  event: Recorded,
  words: ReturnType<typeof said>,
): MemoryItemRow => ({
  kind,
  item_id,
  agent_id,
  ...words,
  tenant: tenantOf(event),
  ...held,
  learned_position: event.position,
  revision: event.revision,
  position: event.position,
});

export const changed = (
  row: MemoryItemRow | undefined,
  { revision, position }: Recorded,
  change: Partial<MemoryItemRow> = {},
): MemoryItemRow | null => (row === undefined ? null : { ...row, ...change, revision, position });

/** What did not end, or did not end after all. */
export const held = { active: true, ended_position: null, ended_why: null } as const;

/** It is kept, and is recalled no more. */
export const ended = (row: MemoryItemRow | undefined, event: Recorded, why: string): MemoryItemRow | null =>
  changed(row, event, { active: false, ended_position: event.position, ended_why: why });
