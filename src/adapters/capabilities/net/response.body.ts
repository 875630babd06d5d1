import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';

/** An answer weighs more than it may. */
export class TooLarge extends Error {
  constructor(bytesMax: number) {
    super(`the answer is beyond ${bytesMax} bytes`);
    this.name = 'TooLarge';
  }
}

const unpackers = new Map([
  ['gzip', promisify(gunzip)],
  ['x-gzip', promisify(gunzip)],
  ['deflate', promisify(inflate)],
  ['br', promisify(brotliDecompress)],
]);

const isBeyond = (error: unknown): boolean => (error as { code?: unknown } | null)?.code === 'ERR_BUFFER_TOO_LARGE';

/**
 * The bytes of an answer, unpacked. Neither what comes nor what it unpacks to is ever held beyond `bytesMax`: a bomb is
 * `TooLarge` when it has filled that much. Throws on an encoding that was never offered.
 */
export const bodyOf = async (
  stream: AsyncIterable<Uint8Array>,
  encoding: string | undefined,
  bytesMax: number,
): Promise<Buffer> => {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += chunk.length;
    if (bytes > bytesMax) throw new TooLarge(bytesMax);
    chunks.push(chunk);
  }
  const packed = Buffer.concat(chunks);
  const name = encoding?.trim().toLowerCase() ?? '';
  if (name === '' || name === 'identity' || packed.length === 0) return packed;
  const unpack = unpackers.get(name);
  if (unpack === undefined) throw new TypeError('the answer is packed in a way that was not offered');
  try {
    return await unpack(packed, { maxOutputLength: bytesMax });
  } catch (error) {
    if (isBeyond(error)) throw new TooLarge(bytesMax);
    throw new TypeError('the answer is not packed as it says', { cause: error });
  }
};
