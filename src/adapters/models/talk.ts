import type { Block, Message } from '../../domain/kernel/message.ts';
import type { ModelRequest } from '../../ports.ts';
import { namesOnTheWire } from './tool.names.ts';

export type WireMessage = Readonly<Record<string, unknown>>;

/** The protocol has no word for a tool that failed, so the words in front of its answer say it. */
export const toolResultText = ({ content, is_error }: Extract<Block, { type: 'tool_result' }>): string =>
  is_error ? `This tool call failed: ${content}` : content;

/** What was said with the tools left out; undefined where there was nothing but tools. */
export const plainText = (blocks: readonly Block[]): string | undefined => {
  const texts = blocks.flatMap((block) => (block.type === 'text' ? [block.text] : []));
  return texts.length === 0 ? undefined : texts.join('\n');
};

/** A talk of messages one by one: the system prompt is the first of them, and each answer of a tool has its own. */
export const talkBy =
  (wireMessages: (message: Message, wireNameOf: (name: string) => string) => readonly WireMessage[]) =>
  ({ system, messages }: ModelRequest, names: ReadonlyMap<string, string>): readonly WireMessage[] => {
    const wireNameOf = namesOnTheWire(names);
    return [
      ...(system === '' ? [] : [{ role: 'system', content: system }]),
      ...messages.flatMap((message) => wireMessages(message, wireNameOf)),
    ];
  };
