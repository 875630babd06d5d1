import { crc32, deflateRawSync } from 'node:zlib';

export interface ZipEntry {
  /** With slashes, without a leading one. */
  readonly name: string;
  readonly bytes: Buffer;
}

const signs = { local: 0x04034b50, central: 0x02014b50, end: 0x06054b50 } as const;
/** Version 2.0, names in UTF-8, and the first day the format knows: the same files make the same archive. */
const version = 20;
const utf8Names = 0x0800;
const firstDay = 0x0021;
const methods = { stored: 0, deflated: 8 } as const;

const fields = (...parts: readonly (readonly [size: 2 | 4, value: number])[]): Buffer => {
  const bytes = Buffer.alloc(parts.reduce((sum, [size]) => sum + size, 0));
  let at = 0;
  for (const [size, value] of parts) at = size === 2 ? bytes.writeUInt16LE(value, at) : bytes.writeUInt32LE(value, at);
  return bytes;
};

/**
 * A zip archive (PKWARE APPNOTE, without the 64-bit extension): every entry deflated, or stored where that is shorter. The
 * same entries make the same bytes. The caller holds entries below 65,536 and their sum below 4 GiB.
 */
export const zipOf = (entries: readonly ZipEntry[]): Buffer => {
  const files: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, bytes } of entries) {
    const deflated = deflateRawSync(bytes);
    const isShorter = deflated.length < bytes.length;
    const content = isShorter ? deflated : bytes;
    const path = Buffer.from(name, 'utf8');
    const described = fields(
      [2, version],
      [2, utf8Names],
      [2, isShorter ? methods.deflated : methods.stored],
      [2, 0],
      [2, firstDay],
      [4, crc32(bytes)],
      [4, content.length],
      [4, bytes.length],
      [2, path.length],
      [2, 0],
    );
    const local = Buffer.concat([fields([4, signs.local]), described, path, content]);
    const rest = fields([2, 0], [2, 0], [2, 0], [4, 0], [4, offset]);
    directory.push(Buffer.concat([fields([4, signs.central], [2, version]), described, rest, path]));
    files.push(local);
    offset += local.length;
  }
  const central = Buffer.concat(directory);
  const count = entries.length;
  const end = fields([4, signs.end], [2, 0], [2, 0], [2, count], [2, count], [4, central.length], [4, offset], [2, 0]);
  return Buffer.concat([...files, central, end]);
};
