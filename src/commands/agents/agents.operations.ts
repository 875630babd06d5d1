import * as E from 'fp-ts/lib/Either.js';
import { z } from 'zod';
import { agent, type AgentState } from '../../domain/agent/agent.decider.ts';
import type { AgentCommand } from '../../domain/agent/agent.commands.ts';
import { AgentProfile } from '../../domain/agent/agent.events.ts';
import { idInput } from '../../domain/kernel/id.input.ts';
import { derived, streamOf } from '../../domain/kernel/ids.ts';
import type { Answer, Call, Problem } from '../../domain/kernel/operation.ts';
import { ask, command, type CommandContext } from '../context.ts';
import type { Receipt } from '../execute.ts';

/** Requirements N2 and C47: the longest answer and the context of an agent that says nothing else, in tokens. */
export const agentDefaults = { max_tokens: 4_096, context_tokens: 8_000 } as const;

export const AgentView = z.object({
  agent_id: z.uuid(),
  status: z.enum(['active', 'paused', 'stopped', 'retired']),
  ...AgentProfile.shape,
  revision: z.int(),
});
type AgentView = z.infer<typeof AgentView>;

const agent_id = idInput('agent');
const reason = z.string().max(2_000).default('');
const tag = 'agents';
const scope = 'agents:write';

const view = ({ state, revision }: Receipt<AgentState>): AgentView => {
  const { phase, profile } = state;
  if (profile === null || phase === 'unregistered') throw new Error('an agent that was commanded is registered');
  return { agent_id: state.agent_id, status: phase, ...profile, revision };
};

const told = async (
  context: CommandContext,
  call: Call,
  id: string,
  asked: AgentCommand,
): Promise<Answer<AgentView> | Problem> => {
  const outcome = await ask(context, call, agent, streamOf('agent', id), asked, { guarded: true });
  if (E.isLeft(outcome)) return outcome.left;
  const { revision, position } = outcome.right;
  return { output: view(outcome.right), revision, position };
};

export const registerAgent = command({
  name: 'register_agent',
  kind: 'command',
  summary: 'Register an agent',
  scope,
  input: z.strictObject({
    name: AgentProfile.shape.name,
    description: AgentProfile.shape.description.default(''),
    identity_prompt: AgentProfile.shape.identity_prompt.default(''),
    model: AgentProfile.shape.model.default(null),
    max_tokens: AgentProfile.shape.max_tokens.default(agentDefaults.max_tokens),
    context_tokens: AgentProfile.shape.context_tokens.default(agentDefaults.context_tokens),
    capabilities: AgentProfile.shape.capabilities.default([]),
    frames: AgentProfile.shape.frames,
    scope: AgentProfile.shape.scope.default('development'),
  }),
  output: AgentView,
  http: { method: 'POST', path: '/agents', tag },
  cli: 'agents create',
  mcp: { tool: 'register_agent', read_only: false, destructive: false, idempotent: false },
  examples: [
    {
      title: 'A support agent',
      input: {
        name: 'Support',
        description: 'Answers questions about orders',
        identity_prompt: 'You answer in two sentences.',
        model: null,
        max_tokens: 1_024,
        context_tokens: 8_000,
        capabilities: ['io.fs.read_file'],
        scope: 'development',
      },
    },
  ],
  run: async (context, { frames, ...said }, call) => {
    const profile = frames === undefined ? said : { ...said, frames };
    const id = derived('agent', call.command_id);
    const answer = await told(context, call, id, { type: 'RegisterAgent', agent_id: id, profile });
    return 'output' in answer ? { ...answer, status: 201, location: `/agents/${id}` } : answer;
  },
});

export const reviseAgent = command({
  name: 'revise_agent',
  kind: 'command',
  summary: 'Change what an agent is, or its status',
  description: 'Fields that are left out stay as they are. A status and other changes are asked for one at a time.',
  scope,
  input: z
    .strictObject({
      agent_id,
      ...AgentProfile.partial().shape,
      status: z.enum(['active', 'paused', 'stopped']).optional(),
    })
    .refine(({ status, agent_id: _, ...changes }) => (status === undefined) !== (Object.keys(changes).length === 0), {
      message: 'give either a status or the fields to change',
    }),
  output: AgentView,
  http: { method: 'PATCH', path: '/agents/{agent_id}', tag },
  cli: 'agents revise',
  problems: ['revision_conflict', 'invalid_transition', 'not_found'],
  examples: [
    { title: 'Another name', input: { agent_id: '0198d7a0-0000-7000-8000-000000000001', name: 'Front desk' } },
  ],
  run: async (context, { agent_id: id, status, ...given }, call) => {
    // A field that is absent and a field that is undefined mean the same to a caller; only what is said is a change.
    const changes = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
    if (status === undefined) return await told(context, call, id, { type: 'ReviseAgent', changes });
    const why = { reason: 'set by status' };
    if (status === 'stopped') return await ended(context, call, id, { type: 'StopAgent', ...why });
    return await told(context, call, id, { type: status === 'paused' ? 'PauseAgent' : 'ResumeAgent', ...why });
  },
});

/** The stop button waits so long for the read model to say what runs, and no longer. */
const runningMsMax = 250;

/** What the read model says is running, or nothing where it is slow or away: whoever runs finds out by itself (decision 0011). */
const runningNow = async ({ runningSessions }: CommandContext, id: string): Promise<readonly string[]> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<readonly string[]>((resolve) => {
    timer = setTimeout(() => resolve([]), runningMsMax);
  });
  const known = runningSessions(id).catch(() => []);
  return await Promise.race([known, late]).finally(() => clearTimeout(timer));
};

/** Ends an agent's work, and the turns that are known to run. */
const ended = async (
  context: CommandContext,
  call: Call,
  id: string,
  asked: { readonly type: 'StopAgent' | 'RetireAgent'; readonly reason: string },
) => await told(context, call, id, { ...asked, running_session_ids: await runningNow(context, id) });

const turned = (verb: 'pause' | 'resume', type: 'PauseAgent' | 'ResumeAgent', summary: string) =>
  command({
    name: `${verb}_agent`,
    kind: 'command',
    summary,
    scope,
    input: z.strictObject({ agent_id, reason }),
    output: AgentView,
    http: { method: 'POST', path: `/agents/{agent_id}/${verb}`, tag },
    cli: `agents ${verb}`,
    mcp: { tool: `agent_${verb}`, toolset: 'ops', read_only: false, destructive: false, idempotent: true },
    problems: ['revision_conflict', 'invalid_transition', 'not_found'],
    examples: [{ title: summary, input: { agent_id: '0198d7a0-0000-7000-8000-000000000001', reason: 'maintenance' } }],
    run: (context, input, call) => told(context, call, input.agent_id, { type, reason: input.reason }),
  });

export const pauseAgent = turned('pause', 'PauseAgent', 'Pause an agent: it refuses turns until it is resumed');
export const resumeAgent = turned('resume', 'ResumeAgent', 'Let a paused agent work again');

export const stopAgent = command({
  name: 'stop_agent',
  kind: 'command',
  summary: 'Stop an agent for good, and cancel the turns it is running',
  scope,
  input: z.strictObject({ agent_id, reason }),
  output: AgentView,
  http: { method: 'POST', path: '/agents/{agent_id}/stop', tag },
  cli: 'agents stop',
  mcp: { tool: 'stop_agent', read_only: false, destructive: true, idempotent: true },
  problems: ['revision_conflict', 'invalid_transition', 'not_found'],
  examples: [
    { title: 'The stop button', input: { agent_id: '0198d7a0-0000-7000-8000-000000000001', reason: 'misbehaves' } },
  ],
  run: (context, { agent_id: id, reason: why }, call) => ended(context, call, id, { type: 'StopAgent', reason: why }),
});

export const retireAgent = command({
  name: 'retire_agent',
  kind: 'command',
  summary: 'Retire an agent: it is kept for the record only',
  description: 'A turn that it is taking is canceled.',
  scope,
  input: z.strictObject({ agent_id, reason }),
  output: AgentView,
  http: { method: 'DELETE', path: '/agents/{agent_id}', tag },
  cli: 'agents retire',
  problems: ['revision_conflict', 'invalid_transition', 'not_found'],
  examples: [{ title: 'No longer needed', input: { agent_id: '0198d7a0-0000-7000-8000-000000000001', reason: '' } }],
  run: (context, { agent_id: id, reason: why }, call) => ended(context, call, id, { type: 'RetireAgent', reason: why }),
});

export const agentOperations = [registerAgent, reviseAgent, pauseAgent, resumeAgent, stopAgent, retireAgent] as const;
