import type { Storage } from '../storage.ts';
import type { Endpoint } from '../wire/cluster.ts';
import { append, remove, tombstone } from './append.ts';
import { batchAppend } from './batch-append.ts';
import type { Call } from './call.ts';
import { getSupportedMethods, gossip } from './discovery.ts';
import { read } from './read.ts';

/** What a call does. The call is ended for it: well when it returns, with its failure when it throws. */
export type Method = (call: Call, storage: Storage) => Promise<void>;

/** Every method on offer by its path; whatever is not here is UNIMPLEMENTED. */
export const methodsOf = (instance: string, bound: () => Endpoint): ReadonlyMap<string, Method> =>
  new Map<string, Method>([
    ['/event_store.client.streams.Streams/Read', read],
    ['/event_store.client.streams.Streams/Append', append],
    ['/event_store.client.streams.Streams/BatchAppend', batchAppend],
    ['/event_store.client.streams.Streams/Delete', remove],
    ['/event_store.client.streams.Streams/Tombstone', tombstone],
    ['/event_store.client.server_features.ServerFeatures/GetSupportedMethods', getSupportedMethods],
    ['/event_store.client.gossip.Gossip/Read', gossip(instance, bound)],
  ]);
