import { Malformed } from '../wire/protobuf.ts';
import { CallFailure, grpcStatus } from './failure.ts';
import { messageBytesMax } from './limits.ts';

const prefixBytes = 5;

const lengthOf = (bytes: Buffer): number => {
  if (bytes[0] === 1) throw new CallFailure(grpcStatus.unimplemented, 'compressed messages are not understood');
  if (bytes[0] !== 0) throw new Malformed('a frame begins with neither 0 nor 1');
  const length = bytes.readUInt32BE(1);
  if (length > messageBytesMax)
    throw new CallFailure(grpcStatus.resourceExhausted, `a message of ${length} bytes is over ${messageBytesMax}`);
  return length;
};

/**
 * Cuts what arrives into gRPC messages (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md), however the
 * chunks fall. Throws `Malformed` or a `CallFailure`.
 */
export const messagesIn = async function* (chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let held: Buffer[] = [];
  let heldBytes = 0;
  let wanted = prefixBytes;
  for await (const chunk of chunks) {
    held.push(chunk);
    heldBytes += chunk.length;
    if (heldBytes < wanted) continue;
    let bytes = held.length === 1 ? chunk : Buffer.concat(held);
    wanted = prefixBytes;
    while (bytes.length >= prefixBytes) {
      const end = prefixBytes + lengthOf(bytes);
      if (bytes.length < end) {
        wanted = end;
        break;
      }
      yield bytes.subarray(prefixBytes, end);
      bytes = bytes.subarray(end);
    }
    held = bytes.length === 0 ? [] : [bytes];
    heldBytes = bytes.length;
  }
  if (heldBytes > 0) throw new Malformed('the call ended within a message');
};
