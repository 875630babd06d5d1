import type { CapabilitySpec } from '../../domain/capability/capability.spec.ts';
import { digest } from '../../domain/kernel/digest.ts';
import type { Tool } from '../../domain/session/context.ts';
import { isOffered } from '../../domain/session/session.tools.ts';
import type { ModelRequest } from '../../ports.ts';
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
      .slice(0, toolsMax)
      .map((capability_id) => registry.find(capability_id)),
  );
  return found.flatMap(({ spec }) => (spec === null || spec.deprecated ? [] : [spec]));
};

/** How a context plan cites a tool. */
export const cited = (spec: CapabilitySpec): Tool => ({ capability_id: spec.capability_id, spec_digest: digest(spec) });

/** The tools of a plan as a model takes them; undefined where one of them is no longer what it was. */
export const toolsOf = async (
  registry: Registry,
  tools: readonly Tool[],
): Promise<ModelRequest['tools'] | undefined> => {
  const found = await Promise.all(
    tools.map(async (tool) => ({ tool, spec: (await registry.find(tool.capability_id)).spec })),
  );
  if (found.some(({ tool, spec }) => spec === null || digest(spec) !== tool.spec_digest)) return undefined;
  return found.flatMap(({ spec }) =>
    spec === null ? [] : [{ name: spec.capability_id, description: spec.description, input_schema: spec.parameters }],
  );
};
