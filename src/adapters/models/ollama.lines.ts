/** A line of the answer is at most so long: a piece of text, or the calls of tools whole. */
export const lineBytesMax = 1024 * 1024;

/**
 * The lines of a body, each read as JSON; a last line without an end is one, too. Throws a `RangeError` on a line that is
 * too long, and a `SyntaxError` on one that is not JSON.
 */
export async function* jsonLines(body: AsyncIterable<Uint8Array>): AsyncGenerator<unknown, void, void> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const bytes of body) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.trim() !== '') yield JSON.parse(line) as unknown;
    if (Buffer.byteLength(rest) > lineBytesMax) throw new RangeError(`a line is longer than ${lineBytesMax} bytes`);
  }
  if (rest.trim() !== '') yield JSON.parse(rest) as unknown;
}
