/** One block of a stream of server-sent events. A block without data only moves the id (HTML standard, 9.2.6). */
export interface ServerEvent {
  readonly event: string;
  readonly data: string;
  /** The last id that was said, here or before. */
  readonly id: string | undefined;
  /** How long to wait before coming back, in milliseconds, if this block says so. */
  readonly retry_ms: number | undefined;
}

const blockCharsMax = 8 * 1024 * 1024;

/** Reads server-sent events from the body of an answer, whatever way its bytes were cut. */
export const serverEvents = async function* (body: AsyncIterable<Uint8Array>): AsyncGenerator<ServerEvent> {
  const decoder = new TextDecoder();
  let rest = '';
  let block = { event: 'message', data: [] as string[], retry_ms: undefined as number | undefined, touched: false };
  let id: string | undefined;
  const take = (line: string): void => {
    const colon = line.indexOf(':');
    if (colon === 0) return;
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
    block.touched = true;
    if (field === 'event') block.event = value;
    else if (field === 'data') block.data.push(value);
    else if (field === 'id' && !value.includes('\0')) id = value;
    else if (field === 'retry' && /^\d{1,9}$/.test(value)) block.retry_ms = Number(value);
  };
  for await (const bytes of body) {
    rest += decoder.decode(bytes, { stream: true });
    if (rest.length > blockCharsMax) throw new RangeError(`one event is longer than ${blockCharsMax} characters`);
    // A lone carriage return at the end may be half of a line break.
    const lines = rest.split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line !== '') take(line);
      else if (block.touched) {
        yield { event: block.event, data: block.data.join('\n'), id, retry_ms: block.retry_ms };
        block = { event: 'message', data: [], retry_ms: undefined, touched: false };
      }
    }
  }
};
