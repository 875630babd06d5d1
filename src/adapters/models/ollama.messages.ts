import type { Block, Message } from '../../domain/kernel/message.ts';
import { plainText, talkBy, toolResultText, type WireMessage } from './talk.ts';

/** Older servers match an answer with its call by the tool's name, newer ones by the id: both are said. */
const fromTool = (
  block: Extract<Block, { type: 'tool_result' }>,
  wireNameOf: (name: string) => string,
): WireMessage => ({
  role: 'tool',
  tool_name: wireNameOf(block.name),
  tool_call_id: block.tool_use_id,
  content: toolResultText(block),
});

const wireMessages = ({ role, content }: Message, wireNameOf: (name: string) => string): readonly WireMessage[] => {
  if (typeof content === 'string') return [{ role, content }];
  const tool_calls = content.flatMap((block) =>
    block.type === 'tool_use'
      ? [{ id: block.id, function: { name: wireNameOf(block.name), arguments: block.input } }]
      : [],
  );
  const results = content.flatMap((block) => (block.type === 'tool_result' ? [fromTool(block, wireNameOf)] : []));
  const text = plainText(content);
  const own = text === undefined && tool_calls.length === 0 ? [] : [{ role, content: text ?? '' }];
  return [...results, ...own.map((said) => (tool_calls.length === 0 ? said : { ...said, tool_calls }))];
};

export const talkOf = talkBy(wireMessages);
