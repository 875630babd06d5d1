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
