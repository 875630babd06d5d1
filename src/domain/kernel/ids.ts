import { createHash } from 'node:crypto';

const pattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

export const isUuid = (text: string): boolean => pattern.test(text);

const bytesOf = (uuid: string): Buffer => Buffer.from(uuid.replaceAll('-', ''), 'hex');

/** UUIDv5 (RFC 9562, 5.5): the same name in the same namespace is always the same id. */
export const uuidv5 = (namespace: string, name: string): string => {
  const bytes = createHash('sha1').update(bytesOf(namespace)).update(name).digest().subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x50;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
};

/** Acta's own namespace for derived ids. It may never change: ids in recorded logs were derived from it. */
const namespace = 'a14d8c4e-6e0f-5d3b-9a57-2f6f0a3c7b11';

/** An id derived from what it stands for, for example `derived('reaction', name, event_id, 0)`. */
export const derived = (...parts: readonly (string | number)[]): string => uuidv5(namespace, parts.join('\u001f'));

/**
 * The id of the n-th event that a command records, of what it says (design 3, rule 2; decision 0009): a retried append is
 * the same append, and two that say different things are never taken for one. `content` is a digest.
 */
export const eventId = (commandId: string, ordinal: number, content: string): string =>
  uuidv5(commandId, `${ordinal}\u001f${content}`);

/** `<noun>-<uuid>`: the category is what stands before the first dash. */
export const streamOf = (noun: string, id: string): string => `${noun}-${id}`;
export const categoryOf = (stream: string): string => stream.slice(0, Math.max(stream.indexOf('-'), 0)) || stream;
export const idOf = (stream: string): string => stream.slice(stream.indexOf('-') + 1);
