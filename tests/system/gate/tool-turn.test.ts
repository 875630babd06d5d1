import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ask, dataFolder, startHere, type Body } from '../../support/acta.ts';

const tool = (name: string, input: unknown) => ({ name, input });
const says = (text: string, ...tool_use: readonly unknown[]) => ({ text, tool_use });

/** What the scripted model wants, by what is said to it. */
const script = {
  rules: [
    {
      when: { matches: '^write (\\S+)' },
      reply: says('', tool('io.fs.write_file', { path: '{{1}}', content: 'by an agent' })),
    },
    { when: { matches: '^io\\.fs\\.write_file: .*"path":"(\\S+?)"' }, reply: says('I wrote {{1}}.') },
    { when: { matches: '^delete (\\S+)' }, reply: says('', tool('io.fs.delete', { path: '{{1}}' })) },
    { when: { matches: '^io\\.fs\\.delete: (.*)' }, reply: says('It says: {{1}}') },
    { when: { contains: 'a tool there is not' }, reply: says('', tool('sys.exec.run', { command: 'ls', args: [] })) },
    { when: { matches: '^sys\\.exec\\.run: (.*)' }, reply: says('It says: {{1}}') },
    { when: { contains: 'wrong arguments' }, reply: says('', tool('io.fs.write_file', { pth: 'x' })) },
    { when: { matches: '^io\\.fs\\.write_file: (.*)' }, reply: says('It says: {{1}}') },
    { when: { contains: ['again and again', 'noop: '] }, reply: says('', tool('noop', { message: 'again' })) },
    {
      when: { contains: 'both' },
      reply: says(
        '',
        tool('io.fs.write_file', { path: 'left', content: 'l' }),
        tool('io.fs.write_file', { path: 'right', content: 'r' }),
      ),
    },
  ],
  otherwise: says('Nothing fits.'),
};

const policy = `
name: tools
description: for the tests of turns that act
budget_ceiling_micros: null
capability_allowlist: null
scope_allowlist: null
safe_mode: false
rules:
  - { rule_id: secrets, when: { arguments: [{ path: path, is: like, value: ['secret*'] }] }, decision: deny, reason: it is a secret }
  - { rule_id: mild, when: { risk_levels: [low, medium] }, decision: allow, reason: it is mild }
  - { rule_id: rest, when: {}, decision: require_approval, reason: it is not }
otherwise: deny
approval: { quorum: 1, roles: [], expires_in_ms: 600000, reason_required: false }
`;

describe('a turn that acts', () => {
  let url = '';
  let folder = '';
  const inWorkspace = (name: string): string => join(folder, 'workspace', name);

  beforeAll(async () => {
    folder = await dataFolder(afterAll);
    writeFileSync(join(folder, 'script.json'), JSON.stringify(script));
    writeFileSync(join(folder, 'policy.yaml'), policy);
    const env = { ACTA_SCRIPT: join(folder, 'script.json'), ACTA_POLICY: join(folder, 'policy.yaml') };
    ({ url } = await startHere(folder, env, afterAll));
  }, 60_000);

  const agentWith = async (capabilities: readonly string[]): Promise<string> =>
    (await ask(url, '/agents', { body: { name: 'a clerk', capabilities } })).body.agent_id;
  const said = async (agent_id: string, message: string): Promise<Body> =>
    (await ask(url, '/chat', { body: { message, agent_id } })).body;
  const begun = async (agent_id: string, message: string): Promise<{ session_id: string; turn_id: string }> => {
    const { body } = await ask(url, '/sessions', { body: { agent_id } });
    const turn = await ask(url, `/sessions/${body.session_id}/turns`, { body: { message } });
    return { session_id: body.session_id, turn_id: turn.body.turn_id };
  };
  const eventsOf = async (stream: string): Promise<readonly Body[]> =>
    (await ask(url, `/streams/${stream}/events?limit=200`)).body.data ?? [];
  const endOf = (session_id: string, type: string): Promise<Body> =>
    vi.waitFor(
      async () => {
        const end = (await eventsOf(`session-${session_id}`)).find((event) => event.type === type);
        expect(end).toBeDefined();
        return end;
      },
      { timeout: 20_000 },
    );

  it('does what the gate allows, and tells the model what came of it', async () => {
    const agent_id = await agentWith(['io.fs.*']);
    const { response, session_id } = await said(agent_id, 'write hello.txt');
    expect(response).toBe('I wrote hello.txt.');
    expect(readFileSync(inWorkspace('hello.txt'), 'utf8')).toBe('by an agent');
    const types = (await eventsOf(`session-${session_id}`)).map(({ type }) => type);
    expect(types.slice(5, 9)).toEqual(['ToolsRequested', 'ToolCallProposed', 'ToolCallEnded', 'ModelCalled']);
  });
  it('does two things side by side, and goes on when both have ended', async () => {
    const agent_id = await agentWith(['io.fs.*']);
    await said(agent_id, 'both');
    expect([existsSync(inWorkspace('left')), existsSync(inWorkspace('right'))]).toEqual([true, true]);
  });
  it('is offered nothing that its agent does not list, whatever the model says', async () => {
    const agent_id = await agentWith(['io.fs.*']);
    const { response, session_id } = await said(agent_id, 'a tool there is not');
    expect(response).toBe('It says: there is no such tool');
    const ended = (await eventsOf(`session-${session_id}`)).find(({ type }) => type === 'ToolCallEnded');
    expect(ended.data).toMatchObject({ outcome: 'rejected', directive_id: null });
  });
  it('does nothing that the policy denies', async () => {
    const agent_id = await agentWith(['io.fs.*']);
    const { response } = await said(agent_id, 'write secret.txt');
    expect(response).toMatch(/^It says: policy_denied: .*it is a secret/);
    expect(existsSync(inWorkspace('secret.txt'))).toBe(false);
  });
  it('hears what is wrong with its arguments, and nothing is proposed', async () => {
    const agent_id = await agentWith(['io.fs.*']);
    const { response } = await said(agent_id, 'wrong arguments');
    expect(response).toMatch(/^It says: invalid_arguments: /);
  });
  it('waits for whoever has to agree, and goes on when they have', async () => {
    const agent_id = await agentWith(['io.fs.*']);
    writeFileSync(inWorkspace('old.txt'), 'old');
    const { session_id } = await begun(agent_id, 'delete old.txt');
    const { data } = await endOf(session_id, 'ToolCallProposed');
    expect(existsSync(inWorkspace('old.txt'))).toBe(true);
    const { approval_id } = data;
    const paper = await vi.waitFor(async () => {
      const [asked] = await eventsOf(`approval-${approval_id}`);
      expect(asked).toBeDefined();
      return asked.data.paper;
    });
    expect(paper).toMatchObject({ action: { capability_id: 'io.fs.delete', args: { path: 'old.txt' } } });
    const decision = { decision: 'approve', reason: 'it is old', action_digest: paper.action_digest };
    const headers = { 'if-match': '"0"', 'idempotency-key': approval_id };
    expect(await ask(url, `/approvals/${approval_id}/decision`, { body: decision, headers })).toMatchObject({
      status: 200,
    });
    await endOf(session_id, 'TurnCompleted');
    expect(existsSync(inWorkspace('old.txt'))).toBe(false);
  });
  it('that is canceled withdraws what it has asked for', async () => {
    const agent_id = await agentWith(['io.fs.*']);
    writeFileSync(inWorkspace('kept.txt'), 'kept');
    const { session_id, turn_id } = await begun(agent_id, 'delete kept.txt');
    const { data } = await endOf(session_id, 'ToolCallProposed');
    await ask(url, `/sessions/${session_id}/turns/${turn_id}/cancel`, { body: { reason: 'never mind' } });
    await endOf(session_id, 'TurnCanceled');
    await vi.waitFor(
      async () => expect((await eventsOf(`approval-${data.approval_id}`)).at(-1)?.type).toBe('ApprovalWithdrawn'),
      { timeout: 20_000 },
    );
    expect(existsSync(inWorkspace('kept.txt'))).toBe(true);
  });
  it('ends when the model wants tools for ever', async () => {
    const agent_id = await agentWith(['noop']);
    const { session_id } = await begun(agent_id, 'again and again');
    expect((await endOf(session_id, 'TurnFailed')).data.fault).toBe('tool_rounds_exceeded');
    const rounds = (await eventsOf(`session-${session_id}`)).filter(({ type }) => type === 'ToolsRequested');
    expect(rounds).toHaveLength(11);
  });
  it('calls no model for which there is no room in the budget, and the agent is paused', async () => {
    const agent_id = await agentWith([]);
    const scope = { kind: 'agent', agent_id };
    await ask(url, '/budgets', { body: { scope, period: 'total', limit_tokens: 10, on_breach: 'pause_agent' } });
    const { session_id } = await begun(agent_id, 'hello');
    expect((await endOf(session_id, 'TurnFailed')).data.fault).toBe('budget_exceeded');
    await vi.waitFor(async () => expect((await eventsOf(`agent-${agent_id}`)).at(-1)?.type).toBe('AgentPaused'));
  });
});
