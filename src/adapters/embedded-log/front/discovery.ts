import { soleLeader, supportedMethods, type Endpoint, type SupportedMethod } from '../wire/cluster.ts';
import { onlyMessage, type Call } from './call.ts';

/** Clients compare it with the releases they know, and change what they do by it. */
const version = '24.10.0';

const streams = 'event_store.client.streams.Streams';
const persistent = 'event_store.client.persistent_subscriptions.PersistentSubscriptions';

const persistentMethods = ['Create', 'Update', 'Delete', 'Read', 'GetInfo', 'ReplayParked', 'List', 'RestartSubsystem'];

/**
 * What clients are told. Persistent subscriptions are named although they answer UNIMPLEMENTED: a client that does not
 * find them here asks an HTTP API instead, or tells its user to upgrade a server that is new enough.
 */
const offered: readonly SupportedMethod[] = [
  { service: streams, method: 'Read', features: ['position', 'events'] },
  { service: streams, method: 'BatchAppend', features: ['deadline_duration'] },
  ...persistentMethods.map((method) => ({ service: persistent, method, features: ['stream', 'all'] })),
];

/** `ServerFeatures/GetSupportedMethods`. */
export const getSupportedMethods = async (call: Call): Promise<void> => {
  await onlyMessage(call);
  call.send(supportedMethods(offered, version));
};

/** The address a client has reached us by is one it can reach us by. */
const endpointOf = (authority: string, bound: Endpoint): Endpoint => {
  const url = URL.parse(`http://${authority}`);
  if (url === null || url.hostname === '') return bound;
  return { host: url.hostname.replaceAll(/^\[|\]$/g, ''), port: url.port === '' ? bound.port : Number(url.port) };
};

/** `Gossip/Read`: a cluster of one, alive and leading. */
export const gossip =
  (instance: string, bound: () => Endpoint) =>
  async (call: Call): Promise<void> => {
    await onlyMessage(call);
    call.send(soleLeader(instance, endpointOf(call.authority, bound()), Date.now()));
  };
