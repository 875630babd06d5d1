import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AuthInfo } from '@modelcontextprotocol/server';
import type { Principal } from '../../domain/kernel/operation.ts';
import type { Answered, Asking } from '../../ports.ts';

/** Asks for one caller, through the same entrance as any request: a tool is allowed what its key is allowed, and no more. */
export type Ask = (asking: Asking) => Promise<Answered>;

/** One request of a client whose key is known. */
export interface Visit {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** The JSON that came. */
  readonly body: unknown;
  readonly principal: Principal;
  readonly ask: Ask;
}

/** The visit beside a request, where the library carries what a token stood for. */
export const visitOf = (auth: AuthInfo | undefined): Visit => {
  const visit = auth?.extra?.['visit'] as Visit | undefined;
  if (visit === undefined) throw new Error('the entrance was not passed');
  return visit;
};
