import { describe, expect, it } from 'vitest';
import { mcpLimits } from '../../src/adapters/mcp/limits.ts';
import { toolsOf } from '../../src/adapters/mcp/tool.ts';
import { toolsets } from '../../src/domain/kernel/operation.ts';
import { operations } from '../../src/wiring/operations.ts';

const bytes = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

describe.each(toolsets)('the tools of %s', (toolset) => {
  const tools = toolsOf(operations, toolset).map(({ shown }) => shown);

  it('are those that were agreed on', async () => {
    await expect(`${JSON.stringify({ tools }, null, 2)}\n`).toMatchFileSnapshot(`../golden/mcp/tools.${toolset}.json`);
  });

  it('are few enough to be read by a model', () => {
    expect(tools.length).toBeGreaterThan(0);
    expect(tools.length).toBeLessThanOrEqual(mcpLimits.toolsMax);
    const read = tools.map(({ name, description, inputSchema }) => ({ name, description, inputSchema }));
    expect(bytes(read)).toBeLessThanOrEqual(mcpLimits.toolsBytesMax);
    expect(bytes({ tools })).toBeLessThanOrEqual(mcpLimits.listBytesMax);
  });

  it('have names that every model can call, each once, in order', () => {
    const names = tools.map(({ name }) => name);
    for (const name of names) expect(name).toMatch(new RegExp(`^[A-Za-z0-9_-]{1,${mcpLimits.toolNameCharsMax}}$`));
    expect(names).toEqual([...new Set(names)].toSorted());
  });

  it('say in a few words when to use them', () => {
    for (const { name, description = '' } of tools) {
      expect(description, name).not.toBe('');
      expect(description.length, name).toBeLessThanOrEqual(mcpLimits.descriptionCharsMax);
    }
  });

  it('never take what HTTP says piece by piece, and always say as of when they speak', () => {
    for (const { name, inputSchema, outputSchema } of tools) {
      expect(inputSchema.properties?.['stream'], name).not.toMatchObject({ type: 'boolean' });
      expect(outputSchema?.required, name).toContain('as_of_position');
    }
  });
});

it('a tool is in one list, and has a name of its own among all', () => {
  const names = operations.flatMap(({ mcp }) => mcp?.tool ?? []);
  expect(new Set(names).size).toBe(names.length);
});

it('what must not be done over this protocol is in no list', () => {
  const listed = operations.filter(({ mcp }) => mcp?.toolset !== undefined).map(({ name }) => name);
  for (const name of ['issue_key', 'rotate_key', 'revoke_key', 'activate_policy', 'suspend_policy', 'retire_agent'])
    expect(listed).not.toContain(name);
});
