/** Every bound of the gRPC front, in one place. The store has its own in `../limits.ts`. */

/** Larger than the largest part of an append a client sends by default (3 MiB), smaller than what hurts. */
export const messageBytesMax = 5 * 1024 * 1024;

/** Many messages travel in one DATA write: that saves the client 15 µs an event (eventstoredb.md 2.3). */
export const chunkBytes = 64 * 1024;
/** What may wait unsent for one call; beyond it nothing is read from the store for it. */
export const unsentBytesMax = 256 * 1024;
/** Events looked at between two turns of the event loop, so that a reader of everything starves nobody. */
export const pageEvents = 512;

/** Appends of one call that have begun to arrive and are not complete, and what they may hold together. */
export const assembliesMax = 1024;
export const assemblyBytesMax = 16 * 1024 * 1024;
/** Appends of one call that the store is working on; beyond either, the call is not read. */
export const inFlightMax = 1024;
export const inFlightBytesMax = 16 * 1024 * 1024;
/** How often it is looked whose deadline has passed. */
export const sweepMs = 100;

export const connectionsMax = 256;
/** Calls of one connection. Clients queue silently beyond it, subscriptions too. */
export const callsMax = 512;
/** What one connection may hold in memory: half of its calls, each with all that may wait for it. */
export const connectionMegabytesMax = 64;
export const headerBytesMax = 16 * 1024;
export const headersMax = 64;
/** How long a connection may take to say which protocol it speaks. */
export const greetingMsMax = 5_000;
/** How long calls may take to end when the front closes. */
export const closeMsMax = 1_000;
/** What a client may send ahead of what is read. */
export const windowBytes = 1024 * 1024;
