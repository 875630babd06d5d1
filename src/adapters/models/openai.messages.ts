import type { Block, Message } from '../../domain/kernel/message.ts';
import type { ModelRequest } from '../../ports.ts';
import { namesOnTheWire } from './tool.names.ts';

type WireMessage = Readonly<Record<string, unknown>>;

/** The protocol has no word for a tool that failed, so the words in front of its answer say it. */
export const toolResultText = ({ content, is_error }: Extract<Block, { type: 'tool_result' }>): string =>
  is_error ? `This tool call failed: ${content}` : content;

/** What was said with the tools left out; undefined where there was nothing but tools. */
export const plainText = (blocks: readonly Block[]): string | undefined => {
  const texts = blocks.flatMap((block) => (block.type === 'text' ? [block.text] : []));
  return texts.length === 0 ? undefined : texts.join('\n');
};

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

/** A talk as the protocol has it: the system prompt is its first message, and each answer of a tool has its own. */
export const talkOf = (
  { system, messages }: ModelRequest,
  names: ReadonlyMap<string, string>,
): readonly WireMessage[] => {
  const wireNameOf = namesOnTheWire(names);
  return [
    ...(system === '' ? [] : [{ role: 'system', content: system }]),
    ...messages.flatMap((message) => wireMessages(message, wireNameOf)),
  ];
};
