import type { Block, Message } from '../../domain/kernel/message.ts';
import { plainText, talkBy, toolResultText, type WireMessage } from './talk.ts';

const assistant = (blocks: readonly Block[], wireNameOf: (name: string) => string): WireMessage => {
  const tool_calls = blocks.flatMap((block) =>
    block.type === 'tool_use'
      ? [
          {
            id: block.id,
            type: 'function',
            function: { name: wireNameOf(block.name), arguments: JSON.stringify(block.input) },
          },
        ]
      : [],
  );
  const content = plainText(blocks) ?? (tool_calls.length > 0 ? null : '');
  return { role: 'assistant', content, ...(tool_calls.length > 0 ? { tool_calls } : {}) };
};

/** Answers of tools are messages of their own, and stand before what the user says with them. */
const user = (blocks: readonly Block[]): readonly WireMessage[] => {
  const results = blocks.flatMap((block) =>
    block.type === 'tool_result'
      ? [{ role: 'tool', tool_call_id: block.tool_use_id, content: toolResultText(block) }]
      : [],
  );
  const content = plainText(blocks);
  return [...results, ...(content === undefined ? [] : [{ role: 'user', content }])];
};

const wireMessages = ({ role, content }: Message, wireNameOf: (name: string) => string): readonly WireMessage[] => {
  if (typeof content === 'string') return [{ role, content }];
  return role === 'assistant' ? [assistant(content, wireNameOf)] : user(content);
};

export const talkOf = talkBy(wireMessages);
