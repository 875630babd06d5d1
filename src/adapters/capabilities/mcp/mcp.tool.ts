import { z } from 'zod';
import { CapabilityId } from '../../../domain/capability/capability.spec.ts';
import { digest } from '../../../domain/kernel/digest.ts';
import { oneLine } from '../../../domain/kernel/line.ts';
import {
  descriptionCharsMax,
  descriptionRawCharsMax,
  schemaCharsMax,
  schemaDepthMax,
  toolNameCharsMax,
} from './limits.ts';

/** A tool as its server tells of it. Annotations are not read: they are claims, and nothing is lowered by them. */
export const Tool = z.object({
  name: z.string().min(1).max(toolNameCharsMax),
  description: z.string().max(descriptionRawCharsMax).optional(),
  inputSchema: z.record(z.string(), z.unknown()),
  outputSchema: z.record(z.string(), z.unknown()).optional(),
});
export type Tool = z.infer<typeof Tool>;

/** What the server said of a tool when it was registered, as a digest: who changes a word changes the pin (assurance F73). */
export const pinOf = ({ name, description, inputSchema, outputSchema }: Tool): string =>
  digest({ name, description: description ?? null, input: inputSchema, output: outputSchema ?? null });

/** `mcp.<server>.<tool>` in the grammar of capability ids; throws where none can be made. */
export const capabilityIdOf = (server: string, tool: string): string => {
  const word = tool.toLowerCase().replaceAll(/[^a-z0-9_]+/g, '_');
  return CapabilityId.parse(`mcp.${server}.${/^[a-z]/.test(word) ? word : `t_${word}`}`);
};

/** A description as untrusted text: one line, nothing invisible, at most 1,000 characters. */
export const shown = (text: string | undefined, otherwise: string): string => {
  const line = oneLine(text ?? '');
  return line === '' ? otherwise : line.slice(0, descriptionCharsMax).toWellFormed();
};

/** Regular expressions of strangers are not run here: one could stop the process. The server checks them itself. */
const patterns: ReadonlySet<string> = new Set(['pattern', 'patternProperties', 'format', '__proto__', '$schema']);
/** Below these, names are of properties, not of the schema's own words. */
const named: ReadonlySet<string> = new Set(['properties', '$defs', 'definitions']);

const tamed = (schema: unknown, names: boolean, depth = 0): unknown => {
  if (depth > schemaDepthMax) throw new RangeError(`the schema is nested beyond ${schemaDepthMax}`);
  if (Array.isArray(schema)) return schema.map((item) => tamed(item, false, depth + 1));
  if (schema === null || typeof schema !== 'object') return schema;
  const members = Object.entries(schema).filter(([name]) => (names ? name !== '__proto__' : !patterns.has(name)));
  return Object.fromEntries(
    members.map(([name, member]) => [name, tamed(member, !names && named.has(name), depth + 1)]),
  );
};

/** The parser of a tool's arguments; throws on a schema that is too large, too deep or beyond what is understood. */
export const parametersOf = ({ inputSchema, outputSchema }: Tool): z.ZodType => {
  if (JSON.stringify([inputSchema, outputSchema]).length > schemaCharsMax)
    throw new RangeError(`the schemas are beyond ${schemaCharsMax} characters`);
  if (inputSchema.type !== 'object') throw new TypeError('the arguments of a tool are an object');
  return z.fromJSONSchema(tamed(inputSchema, false) as Parameters<typeof z.fromJSONSchema>[0]);
};
