import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Principal } from '../../domain/kernel/operation.ts';
import type { Answered, Asking } from '../../ports.ts';

/** A request that has passed the entrance, for another protocol to answer. */
export interface Visit {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** The JSON that came, read within the limits of every body. */
  readonly body: unknown;
  readonly principal: Principal;
  /** Asks this server for the same caller: what is asked passes the same entrance, quotas and limits as any request. */
  readonly ask: (asking: Asking) => Promise<Answered>;
}

/** Another protocol at an address of this server. */
export interface Mount {
  readonly path: string;
  readonly handle: (visit: Visit) => Promise<void>;
  /** The server stops: what is still open is ended. */
  readonly close: () => Promise<void>;
}
