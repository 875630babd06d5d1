import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, askFresh, dataFolder, startHere, type Body } from '../../support/acta.ts';
import {
  directiveEnd,
  eventsOf,
  logHead,
  policyWith,
  proposed,
  runEnd,
  runOf,
  step,
  underPolicy,
} from '../../support/gated.ts';

/** An agent that looks up its memory by a capability, and says what came of it. */
const script = {
  rules: [
    {
      when: { matches: '^look up (\\w+)' },
      reply: { text: '', tool_use: [{ name: 'memory.semantic_search', input: { query: '{{1}}', top_k: 5 } }] },
    },
    { when: { matches: '^memory\\.semantic_search: (.*)' }, reply: { text: 'It says: {{1}}' } },
  ],
  otherwise: { text: 'Nothing fits.' },
};
const secret = { capabilities: ['memory.artifacts_by_type'] };
const rules = [{ rule_id: 'no', when: secret, decision: 'deny' as const, reason: 'nobody reads artifacts' }];

let url: string;
beforeAll(async () => {
  const folder = await dataFolder(afterAll);
  writeFileSync(join(folder, 'script.json'), JSON.stringify(script));
  const env = underPolicy(folder, policyWith({ rules, otherwise: 'allow' }));
  ({ url } = await startHere(folder, { ...env, ACTA_SCRIPT: join(folder, 'script.json') }, afterAll));
});

/** Calls one capability; answers the events of its directive and of its run. */
const called = async (capability_id: string, args: object) => {
  const { body } = await proposed(url, [step('read', capability_id, args)]);
  const end = await directiveEnd(url, body.directive_id);
  if (end.type === 'DirectiveBlocked') return { end, run: [] };
  const run_id = await runOf(url, body.directive_id);
  await runEnd(url, run_id);
  return { end, run: await eventsOf(url, `run-${run_id}`) };
};
const resultIn = (run: readonly Body[]): Body => run.find(({ type }) => type === 'StepSucceeded')?.data.result;

describe('what was, asked through the gate', () => {
  it('is answered within bounds, and each attempt is on the log with its verdict, arguments and answer', async () => {
    await ask(url, '/facts', { body: { content: 'Zebras have stripes.' } });
    await askFresh(url, '/facts');
    const { end, run } = await called('memory.semantic_search', { query: 'zebras', top_k: 5 });
    expect(end.type).toBe('DirectiveCompleted');
    expect(run.map(({ type }) => type)).toEqual(
      expect.arrayContaining(['StepJudged', 'StepIntended', 'StepSucceeded']),
    );
    const judged = JSON.stringify(run.find(({ type }) => type === 'StepJudged'));
    for (const said of ['memory.semantic_search', 'allow']) expect(judged).toContain(said);
    expect(resultIn(run)).toMatchObject({
      ...{ query_name: 'semantic_search', result_count: 1 },
      results: [{ scope: 'fact', content: expect.stringContaining('stripes') }],
    });
    await askFresh(url, '/runs');
    const { run: again } = await called('memory.execution_summaries', { limit: 1, status: 'completed' });
    expect(resultIn(again)).toMatchObject({ result_count: 1, results: [{ status: 'completed' }] });
    const { run: newest } = await called('memory.latest_directive_for_role', { role: 'user:local' });
    expect(resultIn(newest)).toMatchObject({ query_name: 'latest_directive_for_role' });
  });

  it('is not asked beyond its bounds, nor answered where the policy denies it, which is on the log', async () => {
    const head = await logHead(url);
    for (const [capability_id, args] of [
      ['memory.semantic_search', { query: 'x', top_k: 51 }],
      ['memory.execution_summaries', { limit: 101 }],
      ['memory.artifacts_by_type', { type: 'file', limit: 0 }],
    ] as const)
      expect((await proposed(url, [step('read', capability_id, args)])).status, capability_id).toBe(400);
    expect(await logHead(url)).toBe(head);
    const { end } = await called('memory.artifacts_by_type', { type: 'file', limit: 5 });
    expect(end.data).toMatchObject({ code: 'policy_denied' });
  });

  it('is a tool of an agent that is offered it, which reads what it remembers itself', async () => {
    const capabilities = ['memory.*'];
    const { agent_id } = (await ask(url, '/agents', { body: { name: 'a clerk', capabilities } })).body;
    await ask(url, '/facts', { body: { content: 'Giraffes are tall.', agent_id } });
    await askFresh(url, '/facts');
    const said = async (message: string): Promise<string> =>
      (await ask(url, '/chat', { body: { message, agent_id } })).body.response;
    expect(await said('look up giraffes')).toContain('Giraffes are tall');
    expect(await said('look up zebras')).not.toContain('stripes');
  });
});
