import { hash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { sameBytes } from './record.digest.ts';

/**
 * How far the log has come, kept outside the database: a flipped bit in SQLite's WAL makes acknowledged events vanish
 * without a trace inside it (assurance F34). Two slots are written in turn, each with a sequence number and a checksum
 * of its own, in blocks of their own: a torn write costs the slot that was being written, never the one before it.
 */
export interface Head {
  readonly position: number;
  /** The running hash at that position. */
  readonly running: Uint8Array;
}

export type HeadFound =
  { readonly is: 'head'; readonly head: Head } | { readonly is: 'missing' } | { readonly is: 'damaged' };

export interface HeadFile {
  readonly found: HeadFound;
  /** Durable when it returns; throws what the disk throws. Creates the file when it was missing. */
  readonly write: (head: Head) => void;
  readonly close: () => void;
}

const magic = 'ACTAHEAD';
const blockBytes = 4096;
const slotBytes = 8 + 8 + 8 + 32 + 32;
const checkedBytes = slotBytes - 32;

interface Slot {
  readonly sequence: number;
  readonly head: Head;
}

const encoded = ({ sequence, head }: Slot): Buffer => {
  const slot = Buffer.alloc(slotBytes);
  slot.write(magic, 0, 'latin1');
  slot.writeBigUInt64BE(BigInt(sequence), 8);
  slot.writeBigUInt64BE(BigInt(head.position), 16);
  slot.set(head.running, 24);
  slot.set(hash('sha256', slot.subarray(0, checkedBytes), 'buffer'), checkedBytes);
  return slot;
};

const decoded = (slot: Buffer): Slot | undefined => {
  if (slot.length < slotBytes || slot.toString('latin1', 0, 8) !== magic) return undefined;
  const check = hash('sha256', slot.subarray(0, checkedBytes), 'buffer');
  if (!sameBytes(check, slot.subarray(checkedBytes, slotBytes))) return undefined;
  const sequence = Number(slot.readBigUInt64BE(8));
  return {
    sequence,
    head: { position: Number(slot.readBigUInt64BE(16)), running: Buffer.from(slot.subarray(24, 56)) },
  };
};

const newest = (content: Buffer): Slot | undefined => {
  const slots = [0, blockBytes].map((at) => decoded(content.subarray(at, at + slotBytes)));
  return slots.reduce((a, b) => (a === undefined || (b !== undefined && b.sequence > a.sequence) ? b : a));
};

const placeOf = (sequence: number): number => (sequence % 2) * blockBytes;

/** Under its name only when it holds its first slot and is on disk, so that no crash leaves half a file. */
const create = (file: string, slot: Slot): number => {
  const fresh = `${file}.new`;
  const descriptor = fs.openSync(fresh, 'w');
  const content = Buffer.alloc(2 * blockBytes);
  content.set(encoded(slot), placeOf(slot.sequence));
  fs.writeSync(descriptor, content);
  fs.fsyncSync(descriptor);
  fs.closeSync(descriptor);
  fs.renameSync(fresh, file);
  syncFolder(path.dirname(file));
  return fs.openSync(file, 'r+');
};

/** Makes new names in a folder durable. Windows cannot open folders and does not need it. */
export const syncFolder = (folder: string): void => {
  if (process.platform === 'win32') return;
  const descriptor = fs.openSync(folder, 'r');
  fs.fsyncSync(descriptor);
  fs.closeSync(descriptor);
};

/** Opens the head file of a log, or says that there is none or that no slot of it is whole. */
export const openHeadFile = (file: string): HeadFile => {
  const exists = fs.existsSync(file);
  let descriptor = exists ? fs.openSync(file, 'r+') : undefined;
  const slot = exists ? newest(fs.readFileSync(file)) : undefined;
  let sequence = slot?.sequence ?? 0;
  const write = (head: Head): void => {
    sequence += 1;
    if (descriptor === undefined) {
      descriptor = create(file, { sequence, head });
      return;
    }
    fs.writeSync(descriptor, encoded({ sequence, head }), 0, slotBytes, placeOf(sequence));
    fs.fdatasyncSync(descriptor);
  };
  const close = (): void => {
    if (descriptor !== undefined) fs.closeSync(descriptor);
    descriptor = undefined;
  };
  const found: HeadFound = slot ? { is: 'head', head: slot.head } : { is: exists ? 'damaged' : 'missing' };
  return { found, write, close };
};
