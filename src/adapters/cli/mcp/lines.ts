import { addAbortSignal, type Readable } from 'node:stream';

/** The server takes no larger body; what is longer is no message. */
const lineCharsMax = 4 * 1024 * 1024;

/**
 * The lines of a stream of UTF-8 until it ends, or the signal. Only a line feed ends one: the line and paragraph separators of
 * Unicode stand as they are in JSON. Undefined for a line beyond four million characters, of which nothing is kept.
 */
export const linesIn = async function* (input: Readable, signal: AbortSignal): AsyncGenerator<string | undefined> {
  const text = new TextDecoder();
  let line = '';
  let lost = false;
  const ended = (): string | undefined => {
    const whole = lost || line.length > lineCharsMax ? undefined : line.replace(/\r$/, '');
    line = '';
    lost = false;
    return whole;
  };
  try {
    for await (const bytes of addAbortSignal(signal, input)) {
      const [rest = '', ...parts] = text.decode(bytes as Buffer, { stream: true }).split('\n');
      line += rest;
      for (const part of parts) {
        yield ended();
        line = part;
      }
      if (line.length <= lineCharsMax) continue;
      lost = true;
      line = '';
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  if (line !== '' || lost) yield ended();
};
