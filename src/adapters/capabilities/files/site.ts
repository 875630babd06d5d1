import { z } from 'zod';
import { sha256 } from '../../../domain/kernel/digest.ts';
import type { BlobStore } from '../../../ports.ts';
import type { Call } from '../define.ts';
import type { Opener } from './beneath.ts';
import type { Notes } from './notes.ts';
import type { Fetch } from './placing.ts';
import { failureOf, Refusal } from './refusal.ts';
import type { Failure } from '../failure.ts';
import type { Keep } from './survey.ts';
import { Standing } from './tree.ts';
import { draftSuffix } from './workspace.path.ts';

/** What the capabilities of one workspace have in common. */
export interface Site {
  readonly opener: Opener;
  readonly blobs: BlobStore;
  readonly notes: Notes;
  /** One change at a time, so that none of ours comes between another's look and its renaming. */
  readonly alone: <T>(work: () => Promise<T>) => Promise<T>;
}

/** What is smaller stands in the record itself; the record of a full tree still fits a blob. */
const inlineBytesMax = 3_000;
const recordBytesMax = 32_768;

/** What was there before, in place or as JSON that is kept elsewhere. */
export const Before = z.union([Standing, z.strictObject({ kind: z.literal('kept'), uri: z.string().max(2_048) })]);
export type Before = z.infer<typeof Before>;

export const keeping =
  ({ blobs }: Site, { tenant }: Call): Keep =>
  async (bytes) =>
    bytes.length <= inlineBytesMax
      ? { inline: Buffer.from(bytes).toString('base64') }
      : { uri: (await blobs.put(tenant, bytes, 'application/octet-stream')).uri };

export const fetching =
  ({ blobs }: Site, { tenant }: Call): Fetch =>
  async (part) =>
    'inline' in part ? Buffer.from(part.inline, 'base64') : blobs.get(tenant, part.uri);

/** Small enough for an event, whatever it was. */
export const shortened = async ({ blobs }: Site, { tenant }: Call, standing: Standing): Promise<Before> => {
  const json = Buffer.from(JSON.stringify(standing));
  if (json.length <= recordBytesMax) return standing;
  return { kind: 'kept', uri: (await blobs.put(tenant, json, 'application/json')).uri };
};

export const inFull = async ({ blobs }: Site, { tenant }: Call, before: Before): Promise<Standing> =>
  before.kind === 'kept'
    ? Standing.parse(JSON.parse(Buffer.from(await blobs.get(tenant, before.uri)).toString()))
    : before;

/** A name beside, the same at every attempt, so that the next one clears what a crash left. */
export const draftOf = ({ tenant, key }: Call, what: string): string =>
  `.${sha256(JSON.stringify([tenant, key, what])).slice(0, 24)}${draftSuffix}`;

/** Runs what may refuse, and answers refusals as failures. */
export const answered = async <T>(work: () => Promise<T>): Promise<T | Failure> => {
  try {
    return await work();
  } catch (thrown) {
    return failureOf(thrown);
  }
};

/** The last moment at which a call that took too long is still nothing but a look. */
export const stillWanted = ({ signal }: Call): void => {
  if (signal.aborted) throw new Refusal('timeout', 'the call was wanted no more before anything was touched');
};

/** A queue of one. */
export const oneByOne = (): Site['alone'] => {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const next = last.then(work, work);
    last = next.catch(() => undefined);
    return next;
  };
};
