import type { Block, Message } from '../../domain/kernel/message.ts';
import type { ModelRequest } from '../../ports.ts';

/** The provider takes names of 1 to 64 letters, digits, dashes and underscores. */
const nameCharsMax = 64;

/** Names as the provider takes them, each with the tool's own; `fs.read` is called `fs_read` on the wire. */
export const wireNames = (tools: ModelRequest['tools'] = []): ReadonlyMap<string, string> => {
  const names = new Map<string, string>();
  for (const { name } of tools) {
    const plain = name.replace(/[^a-zA-Z0-9_-]/g, '_').slice(0, nameCharsMax);
    let wire = plain;
    for (let n = 2; names.has(wire); n += 1) wire = `${plain.slice(0, nameCharsMax - 4)}_${n}`;
    names.set(wire, name);
  }
  return names;
};

const wireBlock = (block: Block, wireNameOf: (name: string) => string): Readonly<Record<string, unknown>> => {
  if (block.type === 'text') return { type: 'text', text: block.text };
  if (block.type === 'tool_use')
    return { type: 'tool_use', id: block.id, name: wireNameOf(block.name), input: block.input };
  const { tool_use_id, content, is_error } = block;
  return { type: 'tool_result', tool_use_id, content, ...(is_error ? { is_error } : {}) };
};

/** A message as the provider takes it; tools under the names that they have on the wire. */
export const wireMessage = (
  { role, content }: Message,
  names: ReadonlyMap<string, string>,
): { readonly role: string; readonly content: unknown } => {
  if (typeof content === 'string') return { role, content };
  const own = new Map([...names].map(([wire, name]) => [name, wire]));
  return { role, content: content.map((block) => wireBlock(block, (name) => own.get(name) ?? name)) };
};
