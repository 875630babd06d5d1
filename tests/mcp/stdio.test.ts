import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, dataFolder, startHere, type Body } from '../support/acta.ts';
import { logHead } from '../support/gated.ts';
import { programs } from './clients.ts';

const main = new URL('../../src/main.ts', import.meta.url).pathname;
const callMsMax = 60_000;

let url = '';
beforeAll(async () => {
  ({ url } = await startHere(await dataFolder(afterAll), {}, afterAll));
}, 400_000);

describe.each(programs)('a client of the revision %s that starts `acta mcp` itself', (revision, connect) => {
  const connected = () =>
    connect({ command: process.execPath, args: [main, 'mcp', '--url', url], env: { PATH: process.env['PATH'] ?? '' } });

  it('talks, teaches, asks, decides, and is told how things stand', { timeout: callMsMax }, async () => {
    const client = await connected();
    const names = (await client.tools()).map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['chat', 'decide', 'recall', 'status', 'teach']));

    const chat = (await client.call('chat', { message: 'hello' })).structuredContent;
    expect(chat).toMatchObject({ status: 'completed', frame: 'conversation' });
    const content = `The lamp of revision ${revision} breaks in transit.`;
    const taught = (await client.call('teach', { type: 'fact', content, domain: 'technical' })).structuredContent;
    const min_position = taught.as_of_position as string;
    const { structuredContent: recalled } = await client.call('recall', {
      query: `lamp revision ${revision}`,
      memory_type: 'facts',
      min_position,
    });
    expect(recalled.items.map(({ summary }: Body) => summary)).toContain(content);
    const decided = (await client.call('decide', { question: 'tea or coffee?', stakes: 'low' })).structuredContent;
    expect(decided).toMatchObject({ stakes: 'low', frame: 'decision', decision_id: expect.any(String) as string });
    const { structuredContent: status } = await client.call('status', { min_position });
    expect(status.memory.total_facts).toBeGreaterThan(0);
  });

  it('is told what is wrong with what it asks, and nothing is appended', { timeout: callMsMax }, async () => {
    const client = await connected();
    const before = await logHead(url);
    for (const [name, args] of [
      ['chat', {}],
      ['chat', { message: '' }],
      ['teach', { type: 'wish', content: 'x' }],
      ['teach', { type: 'fact' }],
      ['recall', { query: 'x', memory_type: 'dreams' }],
      ['recall', { query: 'x', limit: 51 }],
      ['decide', { question: 'x', stakes: 'mortal' }],
      ['status', { colour: 'red' }],
    ] as const) {
      const answer = await client.call(name, args);
      expect(answer.isError, `${name} ${JSON.stringify(args)}`).toBe(true);
    }
    expect(await logHead(url)).toBe(before);
  });
});

it('what a tool answers is what HTTP answers', { timeout: callMsMax }, async () => {
  const [, connect] = programs[1];
  const client = await connect({ command: process.execPath, args: [main, 'mcp', '--url', url], env: {} });
  const min_position = await logHead(url);
  const { structuredContent } = await client.call('status', { min_position });
  const { as_of_position: _, ...status } = structuredContent;
  expect(status).toEqual((await ask(url, '/status')).body);
});
