import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { placeOf } from '../../src/adapters/mcp/endpoint.ts';
import { toolsOf, type OperationTool } from '../../src/adapters/mcp/tool.ts';
import { toolsets } from '../../src/domain/kernel/operation.ts';
import { operations } from '../../src/wiring/operations.ts';
import { played } from '../cli/stage.ts';
import { ask, dataFolder, startHere, type Body } from '../support/acta.ts';
import { directiveEnd, logHead, proposed, runOf, step } from '../support/gated.ts';
import { client2025, type AnyClient } from './clients.ts';

const testMsMax = 240_000;
const callsOfEach = 12;

let url = '';
let run_id = '';
/** Ids that lead somewhere, by the field that takes them; others lead nowhere. */
let ids: Readonly<Record<string, string>> = {};

beforeAll(async () => {
  ({ url } = await startHere(await dataFolder(afterAll), {}, afterAll));
  const { body: chat } = await ask(url, '/chat', { body: { message: 'hello' } });
  const { body: directive } = await proposed(url, [step('look', 'sys.info.get_time')]);
  await directiveEnd(url, directive.directive_id);
  run_id = await runOf(url, directive.directive_id);
  const decision = { summary: 'tea', category: 'process', stakes: 'low', confidence: 0.7 };
  const { body: decided } = await ask(url, '/decisions', { body: decision });
  const { body: agents } = await ask(url, '/agents');
  const { body: events } = await ask(url, '/events?limit=1');
  ids = {
    run_id,
    session_id: chat.session_id,
    directive_id: directive.directive_id,
    decision_id: decided.decision_id,
    agent_id: agents.data[0].agent_id,
    event_id: events.data[0].event_id,
    stream: `run-${run_id}`,
    stream_id: `run-${run_id}`,
    min_position: await logHead(url),
  };
}, testMsMax);

type Schema = Readonly<Record<string, unknown>>;

const nonsense = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom('', '..', '\u0000', '\uD800', 'null', '1e309', '-0', '__proto__', 'x'.repeat(5_000), '%2e%2e', '*'),
);

/** Values as a schema asks for them, mostly; sometimes anything else. */
const valueOf = (name: string, schema: Schema): fc.Arbitrary<unknown> => {
  const { enum: words, const: word, type, minimum = 0, maximum = 1_000, anyOf, items } = schema;
  const known = ids[name];
  const right = (): fc.Arbitrary<unknown> => {
    if (known !== undefined) return fc.constant(known);
    if (word !== undefined) return fc.constant(word);
    if (Array.isArray(words)) return fc.constantFrom(...(words as unknown[]));
    if (Array.isArray(anyOf)) return fc.oneof(...anyOf.map((one: Schema) => valueOf(name, one)));
    switch (type) {
      case 'integer':
        return fc.integer({ min: Number(minimum), max: Math.max(Number(minimum), Math.min(Number(maximum), 50)) });
      case 'number':
        return fc.double({ min: Number(minimum), max: Math.min(Number(maximum), 1), noNaN: true });
      case 'boolean':
        return fc.boolean();
      case 'array':
        return fc.array(valueOf('', (items ?? {}) as Schema), { maxLength: 2 });
      case 'object':
        return argumentsOf(schema);
      default:
        return fc.oneof(fc.uuid({ version: 7 }), fc.constantFrom('tea', 'run', 'technical', 'sys.info.get_time'));
    }
  };
  return fc.oneof({ weight: 8, arbitrary: right() }, { weight: 1, arbitrary: nonsense });
};

const argumentsOf = ({ properties = {}, required = [] }: Schema): fc.Arbitrary<Record<string, unknown>> =>
  fc.record(
    Object.fromEntries(Object.entries(properties as Schema).map(([name, of]) => [name, valueOf(name, of as Schema)])),
    { requiredKeys: required as string[] },
  );

/** What is no text is refused before anybody reads what it asks for. */
const unreadable = (error: Error): Body => {
  expect(error.message).toContain('"code":"malformed_request"');
  return { isError: true, content: [{ text: error.message.slice(error.message.indexOf('{')) }] };
};

/** The official client holds each structured result against the tool's own output schema, and throws where it does not fit. */
const answerOf = async (client: AnyClient, { shown }: OperationTool, args: Record<string, unknown>): Promise<void> => {
  const { isError, content, structuredContent } = await client.call(shown.name, args).catch(unreadable);
  if (isError !== true) {
    expect(structuredContent).toBeTypeOf('object');
    return;
  }
  const { code, status, detail } = JSON.parse(content[0].text);
  expect(code, detail).toMatch(/^[a-z_]+$/);
  expect(status, `${code}: ${detail}`).toBeLessThan(500);
};

describe.each(toolsets)('whatever is said to the tools of %s', (toolset) => {
  const tools = toolsOf(operations, toolset);

  it.each(tools.map((tool) => [tool.shown.name, tool] as const))(
    'is answered by %s as its schema says, or refused as a mistake',
    { timeout: testMsMax },
    async (_, tool) => {
      const client = await client2025(url + placeOf(toolset));
      await client.tools();
      await fc.assert(
        fc.asyncProperty(argumentsOf(tool.input), (args) => answerOf(client, tool, args)),
        { numRuns: callsOfEach },
      );
    },
  );
});

it('a run is the same over HTTP, over MCP and on the command line', { timeout: testMsMax }, async () => {
  const min_position = await logHead(url);
  const client = await client2025(`${url}/mcp`);
  const { as_of_position: _, ...told } = (await client.call('run_get', { run_id, min_position })).structuredContent;
  const { out } = await played(['runs', 'show', run_id, '--json'], { env: { ACTA_URL: url } });
  const { body } = await ask(url, `/runs/${run_id}`);
  expect(told).toEqual(body);
  expect(JSON.parse(out)).toEqual(body);
});
