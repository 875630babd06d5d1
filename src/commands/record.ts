import { hash } from 'node:crypto';
import { canonical } from '../domain/kernel/digest.ts';
import type { Catalogue } from '../domain/kernel/catalogue.ts';
import type { Event } from '../domain/kernel/event.ts';
import { eventId } from '../domain/kernel/ids.ts';
import { eventBytesMax, LogError, type NewEvent, type StoredEvent } from '../ports.ts';

/** Where a command comes from; written on every event it leads to. */
export interface Provenance {
  /** Same id, same command: asked twice, it is done once. */
  readonly command_id: string;
  readonly actor: string;
  readonly tenant: string;
  readonly correlation_id: string;
  readonly causation_id?: string;
  readonly traceparent?: string;
}

/** What something belongs to, and the event because of which it is done. */
export type Matter = Pick<Provenance, 'correlation_id' | 'causation_id'>;

/** The same command in the matter that its stream is about, caused by what stood there last. */
export const continued = (provenance: Provenance, last: StoredEvent | undefined): Provenance =>
  last === undefined
    ? provenance
    : {
        ...provenance,
        correlation_id: last.metadata['$correlationId'] ?? provenance.correlation_id,
        causation_id: provenance.causation_id ?? last.id,
      };

/** The `prev` of a stream's first event: 32 zero bytes. */
export const chainStart = Buffer.alloc(32).toString('base64url');

const lengthPrefixed = (text: string): Buffer => {
  const bytes = Buffer.from(text);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(bytes.length);
  return Buffer.concat([length, bytes]);
};

const u64 = (value: number): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
};

const id16 = (uuid: string): Buffer => Buffer.from(uuid.replaceAll('-', ''), 'hex');
const sha = (bytes: string | Uint8Array): Buffer => hash('sha256', bytes, 'buffer');

/** What an event says, and what is said about it: the digests that its link and its id are made of. */
const digestsOf = (text: string, metadata: Readonly<Record<string, string>>) => ({
  said: sha(text),
  about: sha(canonical(metadata)),
  prev: Buffer.from(metadata['prev'] ?? chainStart, 'base64url'),
});

const linked = (
  stream: string,
  revision: number,
  { id, type }: { readonly id: string; readonly type: string },
  { said, about, prev }: ReturnType<typeof digestsOf>,
): string => {
  const place = [lengthPrefixed(stream), u64(revision), id16(id), lengthPrefixed(type)];
  return sha(Buffer.concat([Buffer.from('acta-chain/v1\n'), ...place, said, about, prev])).toString('base64url');
};

/**
 * The link that binds an event to everything before it in its stream: the base64url SHA-256 over its place, its name, the
 * digests of its data and metadata, and the link before it (assurance 5.3, in its flat form). `metadata` is without `self`.
 */
export const linkOf = (
  stream: string,
  revision: number,
  event: { readonly id: string; readonly type: string; readonly data: unknown },
  metadata: Readonly<Record<string, string>>,
): string => linked(stream, revision, event, digestsOf(JSON.stringify(event.data), metadata));

/** Where the next event of a stream will stand, and the link it continues. */
export interface Tail {
  readonly revision: number;
  readonly link: string;
}

const metadataOf = (provenance: Provenance, version: number, prev: string): Record<string, string> => ({
  $correlationId: provenance.correlation_id,
  ...(provenance.causation_id === undefined ? {} : { $causationId: provenance.causation_id }),
  actor: provenance.actor,
  tenant: provenance.tenant,
  version: String(version),
  command_id: provenance.command_id,
  ...(provenance.traceparent === undefined ? {} : { traceparent: provenance.traceparent }),
  prev,
});

/**
 * Events as they will be stored: named after their command and what they say, versioned, with their provenance, and linked
 * to the stream's last event. So the log takes an append for one it has only where it is the same to the letter, and who
 * is told that it was done knows what stands there (decision 0009).
 * Throws a LogError `too_large` for an event over 256 KiB.
 */
export const recorded = (
  catalogue: Catalogue,
  stream: string,
  tail: Tail,
  events: readonly Event[],
  provenance: Provenance,
): { readonly stored: readonly NewEvent[]; readonly tail: Tail } => {
  let { revision, link } = tail;
  const stored = events.map((event, ordinal): NewEvent => {
    const text = JSON.stringify(event.data);
    const bytes = Buffer.byteLength(text);
    if (bytes > eventBytesMax)
      throw new LogError('too_large', `${event.type} has ${bytes} bytes; an event holds ${eventBytesMax}`);
    const metadata = metadataOf(provenance, catalogue.versionOf(event), link);
    const digests = digestsOf(text, metadata);
    const content = Buffer.concat([digests.said, digests.about]).toString('base64url');
    const id = eventId(provenance.command_id, ordinal, content);
    revision += 1;
    link = linked(stream, revision, { id, type: event.type }, digests);
    return { id, type: event.type, data: event.data, metadata: { ...metadata, self: link } };
  });
  return { stored, tail: { revision, link } };
};
