import { Client as ModernClient, StreamableHTTPClientTransport as ModernHttp } from '@modelcontextprotocol/client';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { StdioClientTransport as ModernStdio } from '@modelcontextprotocol/client/stdio';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { onTestFinished } from 'vitest';
import type { Body } from '../support/acta.ts';

type Headers = Readonly<Record<string, string>>;

/** What the two eras' clients have in common, as the tests speak to them. */
export interface AnyClient {
  readonly tools: () => Promise<readonly Body[]>;
  readonly call: (name: string, args?: object) => Promise<Body>;
  readonly read: (uri: string) => Promise<Body>;
  readonly close: () => Promise<void>;
}

const about = { name: 'acta-tests', version: '0' };

interface Program {
  readonly command: string;
  readonly args: string[];
  readonly env: Record<string, string>;
}

const spoken = (client: Client | ModernClient): AnyClient => {
  onTestFinished(() => client.close());
  return {
    tools: async () => (await client.listTools()).tools,
    call: (name, args = {}) => client.callTool({ name, arguments: args as Record<string, unknown> }),
    read: (uri) => client.readResource({ uri }),
    close: () => client.close(),
  };
};

/** The official client of the revision 2025-11-25. */
const old = async (transport: StreamableHTTPClientTransport | StdioClientTransport): Promise<AnyClient> => {
  const client = new Client(about);
  await client.connect(transport);
  return spoken(client);
};

/** The official client of the revision 2026-07-28. */
const modern = async (transport: ModernHttp | ModernStdio): Promise<AnyClient> => {
  const client = new ModernClient(about, { versionNegotiation: { mode: { pin: '2026-07-28' } } });
  await client.connect(transport);
  return spoken(client);
};

/** How a client asks the person in front of it: the kinds of question it declares, and what they answer. */
export interface Asking {
  readonly kinds: Body;
  readonly answer: (question: Body) => Body;
  /** What is done to a request on its way to the server. */
  readonly meddle?: (message: Body) => void;
}

/** A client of either revision that can ask a person. */
export const asking2025 = async (url: string, headers: Headers, { kinds, answer }: Asking): Promise<AnyClient> => {
  const client = new Client(about, { capabilities: { elicitation: kinds } });
  client.setRequestHandler(ElicitRequestSchema, ({ params }) => answer(params));
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }));
  return spoken(client);
};
export const asking2026 = async (
  url: string,
  headers: Headers,
  { kinds, answer, meddle }: Asking,
): Promise<AnyClient> => {
  const pin = { mode: { pin: '2026-07-28' } };
  const client = new ModernClient(about, { capabilities: { elicitation: kinds }, versionNegotiation: pin });
  client.setRequestHandler('elicitation/create', ({ params }) => answer(params) as never);
  const meddled = (address: string | URL, { body, ...init }: RequestInit = {}): Promise<Response> => {
    if (typeof body !== 'string') return fetch(address, init);
    const message = JSON.parse(body);
    meddle?.(message);
    return fetch(address, { ...init, body: JSON.stringify(message) });
  };
  await client.connect(new ModernHttp(new URL(url), { requestInit: { headers }, fetch: meddled }));
  return spoken(client);
};

export const client2025 = (url: string, headers: Headers = {}): Promise<AnyClient> =>
  old(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }));
export const client2026 = (url: string, headers: Headers = {}): Promise<AnyClient> =>
  modern(new ModernHttp(new URL(url), { requestInit: { headers } }));

/** The same clients with a program that they start themselves. */
export const programs = [
  ['2025-11-25', (program: Program) => old(new StdioClientTransport(program))],
  ['2026-07-28', (program: Program) => modern(new ModernStdio(program))],
] as const;

export const eras = [
  ['2025-11-25', client2025],
  ['2026-07-28', client2026],
] as const;
