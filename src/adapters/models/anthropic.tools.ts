import type { Block, Message } from '../../domain/kernel/message.ts';
import { namesOnTheWire } from './tool.names.ts';

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
  const wireNameOf = namesOnTheWire(names);
  return { role, content: content.map((block) => wireBlock(block, wireNameOf)) };
};
