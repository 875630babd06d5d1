import type { Message } from '../../domain/kernel/message.ts';
import type { ModelRequest } from '../../ports.ts';

/** What a message says, as one text: tools by what they were asked and what they answered. */
export const textOf = ({ content }: Message): string =>
  typeof content === 'string'
    ? content
    : content
        .map((block) => {
          if (block.type === 'text') return block.text;
          if (block.type === 'tool_use') return JSON.stringify(block.input);
          return `${block.name}: ${block.content}`;
        })
        .join('\n');

/** At most so many tokens of input: a request's bytes, for no token is shorter than one. */
export const requestBytes = ({ system, messages, tools = [] }: ModelRequest): number =>
  Buffer.byteLength(system) +
  messages.reduce((bytes, message) => bytes + Buffer.byteLength(textOf(message)), 0) +
  Buffer.byteLength(JSON.stringify(tools));
