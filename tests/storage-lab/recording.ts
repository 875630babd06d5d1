import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';

/** What a process did to the files of one folder, in order, and what it said in between. */
export type Deed =
  | { readonly did: 'write'; readonly file: string; readonly at: number; readonly bytes: Buffer }
  | { readonly did: 'cut'; readonly file: string; readonly size: number }
  | { readonly did: 'create' | 'sync' | 'unlink'; readonly file: string }
  | { readonly did: 'sync_folder' }
  | { readonly did: 'rename'; readonly file: string; readonly to: string }
  | { readonly did: 'say'; readonly line: string };

const calls = 'openat,pwrite64,write,fsync,fdatasync,ftruncate,unlink,unlinkat,rename,renameat,renameat2';

/** Whether strace is there and may be used; otherwise why not. */
export const straceFault = (): string | undefined => {
  const tried = spawnSync('strace', ['-f', '-e', 'trace=fsync', 'true'], { encoding: 'utf8' });
  if (tried.error) return 'skipped: no strace';
  return tried.status === 0 ? undefined : `skipped: strace may not trace here (${tried.stderr.trim().split('\n')[0]})`;
};

const unhexed = (text: string): Buffer => Buffer.from(text.replaceAll('\\x', ''), 'hex');
const quoted = (text: string): readonly Buffer[] =>
  [...text.matchAll(/"((?:\\x[0-9a-f]{2})*)"/g)].map(([, hex = '']) => unhexed(hex));

/** A call that another thread interrupts is told in two lines. */
const joined = (lines: readonly string[]): readonly string[] => {
  const begun = new Map<string, string>();
  return lines.flatMap((line) => {
    const [pid = ''] = line.split(' ');
    if (line.endsWith('<unfinished ...>')) {
      begun.set(pid, line.slice(0, -'<unfinished ...>'.length));
      return [];
    }
    const resumed = /<\.\.\. \w+ resumed>(.*)$/.exec(line);
    return resumed === null ? [line] : [`${begun.get(pid) ?? ''}${resumed[1] ?? ''}`];
  });
};

const call = /^\d+\s+(\w+)\((.*)\)\s+= (-?\d+)/;
const descriptor = /^(\d+)<((?:\\x[0-9a-f]{2})+)>/;

/** The offset or the size that a call ends with. */
const lastNumber = (rest: string): number => {
  const [, digits] = /(\d+)\s*$/.exec(rest) ?? [];
  if (digits === undefined) throw new Error(`no number at the end of ${rest.slice(-80)}`);
  return Number(digits);
};

/** What each file's next plain `write` goes on from. */
const recorder = (folder: string) => {
  const offsets = new Map<string, number>();
  const inFolder = (file: string): string | undefined =>
    path.dirname(file) === folder ? path.basename(file) : undefined;

  const onDescriptor = (name: string, rest: string, fd: string, file: string): Deed | undefined => {
    const within = inFolder(file);
    if (fd === '1' && name === 'write') return { did: 'say', line: quoted(rest)[0]?.toString().trim() ?? '' };
    if (name.endsWith('sync')) {
      if (file === folder) return { did: 'sync_folder' };
      return within === undefined ? undefined : { did: 'sync', file: within };
    }
    if (within === undefined) return undefined;
    if (name === 'ftruncate') return { did: 'cut', file: within, size: lastNumber(rest) };
    const [bytes = Buffer.alloc(0)] = quoted(rest);
    const at = name === 'pwrite64' ? lastNumber(rest) : (offsets.get(within) ?? 0);
    if (name === 'write') offsets.set(within, at + bytes.length);
    return { did: 'write', file: within, at, bytes };
  };

  return (line: string): Deed | undefined => {
    const [, name = '', rest = '', result = '-1'] = call.exec(line) ?? [];
    if (name === '' || result.startsWith('-')) return undefined;
    const [, fd = '', hex = ''] = descriptor.exec(rest) ?? [];
    if (fd !== '') return onDescriptor(name, rest, fd, unhexed(hex).toString());
    const [first, second] = quoted(rest).map((text) => inFolder(text.toString()));
    if (first === undefined) return undefined;
    if (name === 'openat') {
      offsets.set(first, 0);
      return rest.includes('O_CREAT') ? { did: 'create', file: first } : undefined;
    }
    if (name.startsWith('unlink')) return { did: 'unlink', file: first };
    return second === undefined ? undefined : { did: 'rename', file: first, to: second };
  };
};

/** Runs a program under strace and tells what it did to a folder. */
export const record = (folder: string, program: readonly string[], traceFile: string): readonly Deed[] => {
  const flags = ['-f', '-y', '-xx', '-s', '2000000', '-e', `trace=${calls}`, '-o', traceFile];
  const run = spawnSync('strace', [...flags, process.execPath, ...program], { encoding: 'utf8' });
  if (run.status !== 0) throw new Error(`the recorded program failed: ${run.stderr}`);
  const deedOf = recorder(folder);
  return joined(readFileSync(traceFile, 'utf8').split('\n')).flatMap((line) => deedOf(line) ?? []);
};
