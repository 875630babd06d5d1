import type { CapabilitySpec } from '../../domain/capability/capability.spec.ts';
import { digest } from '../../domain/kernel/digest.ts';
import type { Tool } from '../../domain/session/context.ts';
import { isMemoryTool, isOffered, memoryTools } from '../../domain/session/session.tools.ts';
import type { ModelRequest } from '../../ports.ts';
import { memoryToolSpecs, type ToolSpec } from '../cognition/tool.specs.ts';
import type { Registry } from '../gate/registry.ts';

const toolsMax = 100;

/** The specs that an agent is offered as tools, in the order of their names: what is registered, enabled, and listed for it. */
export const offeredSpecs = async (
  registry: Registry,
  patterns: readonly string[],
): Promise<readonly CapabilitySpec[]> => {
  if (patterns.length === 0) return [];
  const wanted = registry.ids().filter((capability_id) => isOffered(patterns, capability_id));
  const found = await Promise.all(
    wanted
      .toSorted()
      .slice(0, toolsMax - memoryTools.length)
      .map((capability_id) => registry.find(capability_id)),
  );
  return found.flatMap(({ spec }) => (spec === null || spec.deprecated ? [] : [spec]));
};

/** The tools that an agent is offered as a context plan cites them: capabilities, and then those of its memory. */
export const offeredTools = async (registry: Registry, patterns: readonly string[]): Promise<readonly Tool[]> => {
  const specs = await offeredSpecs(registry, patterns);
  const own = memoryTools.filter((name) => isOffered(patterns, name));
  return [
    ...specs.map((spec) => ({ capability_id: spec.capability_id, spec_digest: digest(spec) })),
    ...own.map((name) => ({ capability_id: name, spec_digest: digest(memoryToolSpecs[name]) })),
  ];
};

interface Known {
  readonly spec_digest: string;
  readonly spec: ToolSpec;
}

const known = async (registry: Registry, { capability_id }: Tool): Promise<Known | undefined> => {
  if (isMemoryTool(capability_id)) {
    const spec = memoryToolSpecs[capability_id];
    return { spec_digest: digest(spec), spec };
  }
  const { spec } = await registry.find(capability_id);
  if (spec === null) return undefined;
  const { description, parameters: input_schema } = spec;
  return { spec_digest: digest(spec), spec: { name: capability_id, description, input_schema } };
};

/** The tools of a plan as a model takes them; undefined where one of them is no longer what it was. */
export const toolsOf = async (
  registry: Registry,
  tools: readonly Tool[],
): Promise<ModelRequest['tools'] | undefined> => {
  const found = await Promise.all(tools.map((tool) => known(registry, tool)));
  if (found.some((each, index) => each?.spec_digest !== tools[index]?.spec_digest)) return undefined;
  return found.flatMap((each) => each?.spec ?? []);
};
