import { canonical, sha256 } from '../../domain/kernel/digest.ts';
import type { ModelRequest, ReplyBlock } from '../../ports.ts';

/** Providers take names of 1 to 64 letters, digits, dashes and underscores. */
const nameCharsMax = 64;
const idCharsMax = 24;

/** Names as providers take them, each with the tool's own; `fs.read` is called `fs_read` on the wire. */
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

/** The way back: what a tool is called on the wire. One that is offered no longer keeps its own name. */
export const namesOnTheWire = (names: ReadonlyMap<string, string>): ((name: string) => string) => {
  const own = new Map([...names].map(([wire, name]) => [name, wire]));
  return (name) => own.get(name) ?? name;
};

/** An answer's blocks with the tools' own names. */
export const renamed = (blocks: readonly ReplyBlock[], names: ReadonlyMap<string, string>): readonly ReplyBlock[] =>
  blocks.map((block) => (block.type === 'text' ? block : { ...block, name: names.get(block.name) ?? block.name }));

/** What a tool is called with. What could not be recorded is refused here, not when the turn is being recorded. */
export const argumentsOf = (json: string): unknown => {
  try {
    const input: unknown = JSON.parse(json === '' ? '{}' : json);
    canonical(input);
    return input;
  } catch (cause) {
    throw new SyntaxError('the arguments of a tool call are not JSON', { cause });
  }
};

/** The id of a call to which the provider gave none: always the same for the same call in the same talk. */
export const callId = ({ messages }: Pick<ModelRequest, 'messages'>, name: string, ordinal: number): string =>
  `call_${sha256(JSON.stringify([messages, name, ordinal])).slice(0, idCharsMax)}`;

/** Tools as OpenAI's protocol and Ollama's describe them. */
export const functionsOf = (tools: ModelRequest['tools'] = []): readonly Readonly<Record<string, unknown>>[] => {
  const wire = [...wireNames(tools).keys()];
  return tools.map(({ description, input_schema }, place) => ({
    type: 'function',
    function: { name: wire[place] ?? '', description, parameters: input_schema },
  }));
};
