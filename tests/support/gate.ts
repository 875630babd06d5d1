import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { z } from 'zod';
import { capability } from '../../src/adapters/capabilities/define.ts';
import type { Capability } from '../../src/ports.ts';
import { ask, type Body } from './acta.ts';

/** A capability that costs something, and says each time that it was called. */
export const costly = (cost_micros: number, called: (key: string) => void): Capability =>
  capability({
    capability_id: 'test.costly',
    name: 'Cost something',
    description: 'Costs something, for tests of budgets.',
    operation: 'read',
    risk: { level: 'low', justification: 'It does nothing.' },
    effect_class: 'keyed',
    cost_micros,
    parameters: z.strictObject({ amount: z.number().default(0) }),
    result: z.object({ done: z.boolean() }),
    invoke: (_, { key }) => {
      called(key);
      return { ok: true, result: { done: true } };
    },
  });

/** One capability that a person has to agree to. */
export const grave = (called: (args: unknown) => void): Capability =>
  capability({
    capability_id: 'test.grave',
    name: 'Do something grave',
    description: 'Is of critical risk, for tests of agreements.',
    operation: 'network',
    risk: { level: 'critical', justification: 'It says so.' },
    side_effects: { reversible: false, scope: 'external', description: 'what is done is done' },
    compensation: { supported: false, strategy: 'none' },
    effect_class: 'keyed',
    parameters: z.strictObject({ amount: z.number() }),
    result: z.object({ amount: z.number() }),
    invoke: (args) => {
      called(args);
      return { ok: true, result: args };
    },
  });

/** Proposes one step; answers the directive as it is then. */
export const propose = async (url: string, capability_id: string, args: unknown = {}): Promise<Body> => {
  const steps = [{ kind: 'action', step_id: 'only', capability_id, args }];
  return (await ask(url, '/directives', { body: { status: 'proposed', objective: 'a test', steps } })).body;
};

/** A server that keeps what it is sent, and answers what it is told to. */
export const listener = async (
  status: () => number = () => 200,
): Promise<{
  readonly url: string;
  readonly heard: { readonly request: IncomingMessage; readonly body: string }[];
}> => {
  const heard: { readonly request: IncomingMessage; readonly body: string }[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (part: Buffer) => (body += part.toString()));
    request.on('end', () => {
      heard.push({ request, body });
      response.writeHead(status()).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, heard };
};
