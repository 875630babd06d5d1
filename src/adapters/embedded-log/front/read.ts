import type { Storage, StoreFilter } from '../storage.ts';
import { onlyMessage, type Call } from './call.ts';
import { deliverer } from './delivery.ts';
import { streamDeleted } from './failure.ts';
import { storeFilterOf } from './filters.ts';
import { pageEvents } from './limits.ts';
import { subscribeToAll, subscribeToStream } from './subscribe.ts';
import { readReadRequest, type Place, type ReadRequest } from '../wire/read-request.ts';
import { streamNotFound } from '../wire/read-response.ts';

const readStream = async (call: Call, storage: Storage, request: ReadRequest, stream: string, from: Place) => {
  const deliver = deliverer(call, storage, request);
  let left = Number(request.count);
  let next = from;
  while (left > 0) {
    const page = storage.readStream(stream, next, request.direction, Math.min(left, pageEvents));
    if (page.is === 'deleted') throw streamDeleted(stream);
    if (page.is === 'not_found') return call.send(streamNotFound(stream));
    deliver(page.events);
    left -= page.events.length;
    if (page.next === undefined || !(await call.goOn())) return;
    next = page.next;
  }
};

const readAll = async (call: Call, storage: Storage, request: ReadRequest, from: Place, filter?: StoreFilter) => {
  const deliver = deliverer(call, storage, request);
  const forward = request.direction === 'forward';
  let left = Number(request.count);
  let next = from;
  while (left > 0) {
    const page = storage.readAll(next, request.direction, filter ? pageEvents : Math.min(left, pageEvents), filter);
    const wanted = page.events.slice(0, left);
    deliver(wanted);
    left -= wanted.length;
    next = forward ? page.considered + 1 : page.considered;
    if (page.end || !(await call.goOn())) return;
  }
};

/** `Streams/Read`: a stream or all of them, in either direction, once or for as long as the caller listens. */
export const read = async (call: Call, storage: Storage): Promise<void> => {
  const request = readReadRequest(await onlyMessage(call));
  const { source, filter } = request;
  const storeFilter = filter && storeFilterOf(filter);
  if (request.count === 'subscription')
    return source.of === 'stream'
      ? subscribeToStream(call, storage, request, source)
      : subscribeToAll(call, storage, request, source.from, storeFilter);
  return source.of === 'stream'
    ? readStream(call, storage, request, source.stream, source.from)
    : readAll(call, storage, request, source.from, storeFilter);
};
