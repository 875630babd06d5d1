import { streamField } from './identifiers.ts';
import { message, messageField, stringField, varintField } from './protobuf.ts';

/** What `ReadResp` may be beside an event. */

export const subscriptionConfirmed = (id: string): Buffer => message(messageField(2, stringField(1, id)));

/** Everything up to this position has been considered. */
export const checkpointReached = (position: number): Buffer =>
  message(messageField(3, varintField(1, position), varintField(2, position)));

/** A message with status OK, not an error. */
export const streamNotFound = (stream: string): Buffer => message(messageField(4, streamField(1, stream)));

export const caughtUp: Buffer = message(messageField(8));
