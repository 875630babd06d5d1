import { z } from 'zod';
import { idInput } from '../../src/domain/kernel/id.input.ts';
import { operation, type AnyOperation, type Piece } from '../../src/domain/kernel/operation.ts';
import { problem } from '../../src/problems.ts';

interface Agent {
  readonly agent_id: string;
  readonly name: string;
  readonly status: 'active' | 'paused';
  readonly revision: number;
}

/** Something that work waits for, so that a test can look at what happens meanwhile. */
export const latch = () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: resolve };
};

/** What the operations of the tests work on; `done` lists every command that was really done. */
export interface World {
  readonly agents: Map<string, Agent>;
  readonly done: string[];
  position: bigint;
  /** What slow work waits for. */
  latch: ReturnType<typeof latch>;
  /** What `fail` throws. */
  fault: unknown;
}

export const world = (): World => ({
  agents: new Map(),
  done: [],
  position: 100n,
  latch: latch(),
  fault: new Error('secret-canary-7351 in a stack'),
});

const op = operation<World>();

const AgentView = z
  .strictObject({ agent_id: z.uuid(), name: z.string(), status: z.enum(['active', 'paused']) })
  .meta({ id: 'Agent' });

const view = ({ agent_id, name, status }: Agent) => ({ agent_id, name, status });

const registerAgent = op({
  name: 'register_agent',
  kind: 'command',
  summary: 'Register an agent',
  scope: 'agents:write',
  input: z.object({
    name: z.string().min(1).max(80),
    options: z.object({ temperature: z.number().min(0).max(2).optional() }).optional(),
  }),
  output: AgentView,
  http: { method: 'POST', path: '/agents', tag: 'agents' },
  problems: ['already_exists'],
  examples: [{ title: 'A clerk', input: { name: 'Clerk' } }],
  run: (world, { name }, { command_id }) => {
    world.done.push(`register ${name} ${command_id}`);
    world.position += 1n;
    const agent: Agent = { agent_id: command_id, name, status: 'active', revision: 0 };
    world.agents.set(agent.agent_id, agent);
    return Promise.resolve({
      output: view(agent),
      status: 201,
      location: `/agents/${agent.agent_id}`,
      position: world.position,
      revision: 0,
    });
  },
});

const readAgent = op({
  name: 'read_agent',
  kind: 'query',
  summary: 'Read an agent',
  scope: 'agents:read',
  input: z.object({ id: idInput('agent') }),
  output: AgentView,
  http: { method: 'GET', path: '/agents/{id}', tag: 'agents' },
  reads: 'agents',
  examples: [{ title: 'One', input: { id: '0198f3a0-0000-7000-8000-000000000001' } }],
  run: (world, { id }) => {
    const agent = world.agents.get(id);
    return Promise.resolve(
      agent === undefined
        ? problem('not_found', 'there is no such agent')
        : { output: view(agent), revision: agent.revision, position: world.position, projection: 'agents@v1' },
    );
  },
});

const listAgents = op({
  name: 'list_agents',
  kind: 'query',
  summary: 'List agents',
  scope: 'agents:read',
  input: z.object({
    status: z.array(z.enum(['active', 'paused'])).optional(),
    limit: z.int().min(1).max(200).default(50),
    newest_first: z.boolean().default(false),
    name: z.string().optional(),
  }),
  output: z.strictObject({ data: z.array(AgentView), asked: z.unknown() }),
  http: { method: 'GET', path: '/agents', tag: 'agents' },
  reads: 'agents',
  examples: [{ title: 'The paused ones', input: { limit: 50, newest_first: false, status: ['paused'] } }],
  run: (world, asked) => Promise.resolve({ output: { data: [...world.agents.values()].map(view), asked } }),
});

const pauseAgent = op({
  name: 'pause_agent',
  kind: 'command',
  summary: 'Pause an agent',
  scope: 'agents:write',
  input: z.object({ id: idInput('agent'), reason: z.string().max(200).optional() }),
  output: AgentView,
  http: { method: 'POST', path: '/agents/{id}/pause', tag: 'agents' },
  aliases: [{ method: 'PUT', path: '/agents/{id}/paused' }],
  guarded: true,
  examples: [{ title: 'For lunch', input: { id: '0198f3a0-0000-7000-8000-000000000001', reason: 'lunch' } }],
  run: (world, { id }, { if_match, command_id }) => {
    const agent = world.agents.get(id);
    if (agent === undefined) return Promise.resolve(problem('not_found', 'there is no such agent'));
    if (if_match !== agent.revision)
      return Promise.resolve(
        problem('revision_conflict', 'it has changed', { more: { current_revision: agent.revision } }),
      );
    world.done.push(`pause ${command_id}`);
    const paused: Agent = { ...agent, status: 'paused', revision: agent.revision + 1 };
    world.agents.set(id, paused);
    world.position += 1n;
    return Promise.resolve({ output: view(paused), revision: paused.revision, position: world.position });
  },
});

const issueKey = op({
  name: 'issue_key',
  kind: 'command',
  summary: 'Issue a key',
  scope: 'keys:admin',
  input: z.object({ name: z.string() }),
  output: z.strictObject({ key_id: z.string(), secret: z.string() }),
  http: { method: 'POST', path: '/keys', tag: 'keys' },
  keyed: true,
  sensitive: true,
  examples: [],
  run: (world, _, { command_id }) => {
    world.done.push(`key ${command_id}`);
    return Promise.resolve({
      output: { key_id: command_id, secret: `secret-of-${command_id}` },
      status: 201,
      location: `/keys/${command_id}`,
    });
  },
});

const words = ['Good', ' ', 'day.'];

const chat = op({
  name: 'chat',
  kind: 'command',
  summary: 'Say something to an agent',
  scope: 'sessions:write',
  input: z.object({ message: z.string().min(1), stream: z.boolean().optional() }),
  output: z.strictObject({ response: z.string(), turn_id: z.string() }),
  http: { method: 'POST', path: '/chat', tag: 'chat' },
  time_ms_max: 60_000,
  problems: ['agent_paused'],
  examples: [{ title: 'Hello', input: { message: 'Hello' } }],
  run: (world, { message }, { command_id }) => {
    world.done.push(`chat ${message}`);
    return Promise.resolve({ output: { response: words.join(''), turn_id: command_id } });
  },
  stream: (world, { message }, { command_id, signal }) => {
    if (message === 'are you paused?') return Promise.resolve(problem('agent_paused', 'the agent is paused'));
    const pieces = async function* (): AsyncGenerator<Piece> {
      yield { event: 'turn', id: `${command_id}:0`, data: { turn_id: command_id } };
      if (message === 'break') throw world.fault;
      if (message === 'refuse') {
        const refused = problem('agent_paused', 'paused meanwhile', { more: { session_id: 'session-1' } });
        return yield { event: 'problem', id: `${command_id}:1`, data: refused };
      }
      for (const text of words) yield { event: 'delta', data: { text } };
      if (message === 'wait') {
        const stopped = new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
        });
        await Promise.race([world.latch.opened, stopped]);
      }
      world.done.push(`chat ${message}`);
      yield { event: 'done', data: { response: words.join(''), turn_id: command_id } };
    };
    return Promise.resolve(pieces());
  },
});

const slow = op({
  name: 'work_slowly',
  kind: 'command',
  summary: 'Work until the latch is open',
  scope: 'agents:write',
  input: z.object({ n: z.number().optional() }),
  output: z.strictObject({ worked: z.boolean() }),
  http: { method: 'POST', path: '/slow', tag: 'agents' },
  examples: [],
  run: async (world, _, { signal, command_id }) => {
    const stopped = new Promise<never>((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    });
    await Promise.race([world.latch.opened, stopped]);
    world.done.push(`slow ${command_id}`);
    return { output: { worked: true } };
  },
});

const fail = op({
  name: 'fail',
  kind: 'query',
  summary: 'Fail',
  scope: 'agents:read',
  input: z.object({}),
  output: z.null(),
  http: { method: 'GET', path: '/fail', tag: 'agents' },
  examples: [],
  run: (world) => Promise.reject(world.fault instanceof Error ? world.fault : new Error(String(world.fault))),
});

const positions = op({
  name: 'read_positions',
  kind: 'query',
  summary: 'Positions that were left as they are',
  scope: 'agents:read',
  input: z.object({}),
  output: z.unknown(),
  http: { method: 'GET', path: '/positions', tag: 'agents' },
  examples: [],
  run: (world) => Promise.resolve({ output: { position: world.position, list: [1n, { deep: 2n ** 60n }] } }),
});

const metrics = op({
  name: 'read_metrics',
  kind: 'query',
  summary: 'Metrics',
  scope: 'metrics:read',
  input: z.object({}),
  output: z.string(),
  http: { method: 'GET', path: '/metrics', tag: 'health' },
  text: 'text/plain; version=0.0.4; charset=utf-8',
  examples: [],
  run: () => Promise.resolve({ output: 'acta_up 1\n' }),
});

const health = op({
  name: 'check_health',
  kind: 'query',
  summary: 'Whether it lives',
  scope: null,
  input: z.object({}),
  output: z.strictObject({ status: z.literal('healthy') }),
  http: { method: 'GET', path: '/health', tag: 'health' },
  examples: [],
  run: () => Promise.resolve({ output: { status: 'healthy' as const } }),
});

/** A small repertoire of the usual kinds of operations. */
export const repertoire: readonly AnyOperation<World>[] = [
  registerAgent,
  readAgent,
  listAgents,
  pauseAgent,
  issueKey,
  chat,
  slow,
  fail,
  positions,
  metrics,
  health,
];
