import * as E from 'fp-ts/lib/Either.js';
import { z } from 'zod';
import { idInput } from '../../domain/kernel/id.input.ts';
import { streamOf } from '../../domain/kernel/ids.ts';
import type { Answer, Call, Problem } from '../../domain/kernel/operation.ts';
import { session } from '../../domain/session/session.decider.ts';
import { visible } from '../../domain/kernel/visible.ts';
import { workingMemory, type WorkingMemoryCommand } from '../../domain/working-memory/working-memory.decider.ts';
import { Frame, Task, Thread } from '../../domain/working-memory/working-memory.events.ts';
import { problem } from '../../problems.ts';
import { ask, command, type CommandContext } from '../context.ts';
import { recall } from '../recall.ts';
import { problemOf } from '../refusals.ts';
import { absentIn, problems as memoryProblems, scope, tag } from './telling.ts';

const session_id = idInput('session');
const exampleId = '0198d7a0-0000-7000-8000-000000000005';
const problems = [...memoryProblems, 'too_many_threads'];
export const path = '/sessions/{session_id}/working-memory';

export const WorkingMemoryState = z.object({
  session_id: z.uuid(),
  current_task: z.string().nullable(),
  item_count: z.int(),
  open_threads: z.array(z.string()),
  revision: z.int(),
});

/** Asks a session's working memory something, and tells how it stands then. */
export const done = async (
  context: CommandContext,
  call: Call,
  id: string,
  asked: WorkingMemoryCommand,
): Promise<Answer<z.infer<typeof WorkingMemoryState>> | Problem> => {
  const stream = streamOf('working_memory', id);
  const outcome = await ask(context, call, workingMemory, stream, asked, { guarded: true });
  if (E.isLeft(outcome)) return outcome.left;
  const { state, revision, position } = outcome.right;
  const open_threads = state.threads.map(({ description }) => description);
  const { task: current_task, items } = state;
  return {
    output: { session_id: id, current_task, item_count: items.length, open_threads, revision: Math.max(revision, 0) },
    ...(revision < 0 ? {} : { revision, position }),
  };
};

const focusWorkingMemory = command({
  name: 'focus_working_memory',
  kind: 'command',
  summary: 'Say what a session is about now; its working memory begins with that',
  scope,
  input: z.strictObject({
    session_id,
    agent_id: idInput('agent').optional(),
    task: visible(Task),
    frame: Frame.default(null),
  }),
  output: WorkingMemoryState,
  http: { method: 'PUT', path: `${path}/focus`, tag },
  cli: 'working-memory focus',
  problems: ['not_found', 'already_exists', 'revision_conflict'],
  examples: [{ title: 'Lamps', input: { session_id: exampleId, task: 'Find out why lamps break.', frame: 'support' } }],
  run: async (context, { session_id: id, agent_id: meant, task, frame }, call) => {
    const absent = await absentIn(context, call, { session_id: id, agent_id: meant });
    if (absent !== undefined) return absent;
    const { log, catalogue, remembered } = context.engine;
    const found = await recall(log, catalogue, remembered, session, streamOf('session', id));
    if (E.isLeft(found)) return problemOf(found.left);
    const { agent_id } = found.right.state;
    if (meant !== undefined && meant !== agent_id)
      return problem('already_exists', 'the session is with another agent', { more: { agent_id } });
    const at = new Date(context.engine.clock.now()).toISOString();
    return await done(context, call, id, { type: 'FocusWorkingMemory', session_id: id, agent_id, task, frame, at });
  },
});

const openThread = command({
  name: 'open_thread',
  kind: 'command',
  summary: 'Note what is left to do in a session',
  scope,
  input: z.strictObject({
    session_id,
    description: visible(Thread.shape.description),
    decision_id: idInput('decision').nullable().default(null),
    priority: Thread.shape.priority.default('medium'),
  }),
  output: WorkingMemoryState,
  http: { method: 'POST', path: `${path}/threads`, tag },
  cli: 'working-memory open',
  problems,
  examples: [
    {
      title: 'Something to ask',
      input: { session_id: exampleId, description: 'Ask how lamps are packed.', decision_id: null, priority: 'high' },
    },
  ],
  run: async (context, { session_id: id, ...thread }, call) =>
    (await absentIn(context, call, { decision_id: thread.decision_id })) ??
    (await done(context, call, id, { type: 'OpenThread', ...thread })),
});

const resolveThread = command({
  name: 'resolve_thread',
  kind: 'command',
  summary: 'Resolve the threads whose description contains a text, whatever the case',
  scope,
  input: z.strictObject({ session_id, text: visible(z.string().min(1).max(2_000)) }),
  output: WorkingMemoryState,
  http: { method: 'POST', path: `${path}/threads/resolve`, tag },
  cli: 'working-memory resolve',
  problems,
  examples: [{ title: 'It was asked', input: { session_id: exampleId, text: 'how lamps are packed' } }],
  run: (context, { session_id: id, text }, call) => done(context, call, id, { type: 'ResolveThread', text }),
});

const clearWorkingMemory = command({
  name: 'clear_working_memory',
  kind: 'command',
  summary: 'Clear what a session has in mind',
  scope,
  input: z.strictObject({ session_id }),
  output: WorkingMemoryState,
  http: { method: 'DELETE', path, tag },
  cli: 'working-memory clear',
  problems,
  examples: [{ title: 'By id', input: { session_id: exampleId } }],
  run: (context, { session_id: id }, call) => done(context, call, id, { type: 'ClearWorkingMemory' }),
});

export const workingMemoryOperations = [focusWorkingMemory, openThread, resolveThread, clearWorkingMemory] as const;
