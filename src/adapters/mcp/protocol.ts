import { Server, type ServerOptions } from '@modelcontextprotocol/server';

// The library advises against its lower half, which knows no tools, only the protocol. Ours are read from a list, with JSON
// Schemas of their own, and judged where they are carried out; the upper half would judge them a second time, otherwise.

// oxlint-disable-next-line typescript/no-deprecated
export type ProtocolServer = Server;

/** A server of the protocol that answers nothing yet. */
export const protocolServer = (
  about: { readonly name: string; readonly title: string; readonly version: string },
  options: ServerOptions,
): ProtocolServer =>
  // oxlint-disable-next-line typescript/no-deprecated
  new Server(about, options);
