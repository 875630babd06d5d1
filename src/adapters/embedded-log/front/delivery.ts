import type { Storage, StoredRecord } from '../storage.ts';
import type { ReadRequest } from '../wire/read-request.ts';
import { eventFrame, type Delivery } from '../wire/recorded-event.ts';
import type { Call } from './call.ts';

const linkType = '$>';
/** `revision@stream`, as EventStoreDB's links have it. */
const target = /^(\d{1,15})@(.+)$/su;

const targetOf = (storage: Storage, link: StoredRecord): StoredRecord | undefined => {
  const [, revision, stream] = target.exec(Buffer.from(link.data).toString('utf8')) ?? [];
  if (revision === undefined || stream === undefined) return undefined;
  const page = storage.readStream(stream, Number(revision), 'forward', 1);
  const [found] = page.is === 'events' ? page.events : [];
  return found?.revision === Number(revision) ? found : undefined;
};

/** An event as it is, or what a link points to with the link itself; a link that leads nowhere comes alone. */
const deliveryOf = (storage: Storage, record: StoredRecord, resolveLinks: boolean): Delivery => {
  if (!resolveLinks || record.type !== linkType) return { event: record, link: undefined };
  return { event: targetOf(storage, record), link: record };
};

/** Hands events to a caller in the form it asked for. */
export const deliverer =
  (call: Call, storage: Storage, { resolveLinks, uuidForm }: ReadRequest) =>
  (events: readonly StoredRecord[]): void => {
    for (const event of events) call.sendFrame(eventFrame(deliveryOf(storage, event, resolveLinks), uuidForm));
  };
