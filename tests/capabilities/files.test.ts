import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fileCapabilities } from '../../src/adapters/capabilities/files/files.ts';
import { listEntriesMax, readBytesMax } from '../../src/adapters/capabilities/files/reading.ts';
import { treeEntriesMax } from '../../src/adapters/capabilities/files/survey.ts';
import { writeBytesBytesMax, writeBytesMax } from '../../src/adapters/capabilities/files/writing.ts';
import { blobStoreOf } from '../../src/adapters/blobs/blobs.ts';
import { CapabilitySpec } from '../../src/domain/capability/capability.spec.ts';
import { riskViolations } from '../../src/domain/capability/risk.rules.ts';
import { sha256 } from '../../src/domain/kernel/digest.ts';
import { named } from './calls.ts';
import { treeOf, workspace, type Workspace } from './workspace.ts';

let files: Workspace;
beforeEach(() => {
  files = workspace();
});
afterEach(() => files.close());

const at = (...parts: readonly string[]): string => path.join(files.root, ...parts);
const put = (name: string, content: string | Buffer = 'x'): void => writeFileSync(at(name), content);

describe('the capabilities of files', () => {
  it('are ten, and obey the rules of risk', () => {
    const levels = Object.fromEntries(
      files.capabilities.map(({ spec }) => [spec.capability_id, [spec.operation, spec.risk.level, spec.effect_class]]),
    );
    expect(levels).toEqual({
      'io.fs.read_file': ['read', 'low', 'read'],
      'io.fs.hash_file': ['read', 'low', 'read'],
      'io.fs.list_dir': ['read', 'low', 'read'],
      'io.fs.exists': ['read', 'low', 'read'],
      'io.fs.write_file': ['write', 'medium', 'natural'],
      'io.fs.write_bytes': ['write', 'medium', 'natural'],
      'io.fs.make_dir': ['write', 'medium', 'natural'],
      'io.fs.copy': ['write', 'medium', 'keyed'],
      'io.fs.delete': ['delete', 'high', 'keyed'],
      'io.fs.move': ['write', 'medium', 'keyed'],
    });
    for (const { spec, unavailable } of files.capabilities) {
      expect(CapabilitySpec.parse(spec)).toEqual(spec);
      expect(riskViolations(spec)).toEqual([]);
      expect(unavailable).toBeUndefined();
    }
  });
  it('keep their notes where no agent can forge them', () => {
    const blobs = blobStoreOf({ provider: 'noop' });
    expect(() => fileCapabilities({ root: files.root, blobs, notes: at('notes') })).toThrow('within the workspace');
  });
  it('tell whoever approves what they rely on', async () => {
    const write = named(files.capabilities, 'io.fs.write_file');
    const state = () => write.preconditions?.({ path: 'a', content: '', parents: false });
    const before = await state();
    put('a');
    expect(await state()).not.toEqual(before);
    expect(await write.preconditions?.({ path: 'no/a', content: '', parents: false })).toEqual({ 'no/a': 'ENOENT' });
  });
});

describe('reading', () => {
  it('reads 50,000 bytes and says that there is more', async () => {
    put('a', 'x'.repeat(readBytesMax));
    expect(await files.call('read_file', { path: './a' })).toEqual({
      ok: true,
      result: { content: 'x'.repeat(50_000), encoding: 'utf8', bytes: 50_000, size: 50_000, truncated: false },
    });
    put('a', `${'x'.repeat(readBytesMax)}y`);
    expect(await files.call('read_file', { path: 'a' })).toMatchObject({ result: { bytes: 50_000, truncated: true } });
    expect(await files.call('read_file', { path: 'a', offset: readBytesMax })).toMatchObject({
      result: { content: 'y', truncated: false },
    });
    expect(await files.call('read_file', { path: 'a', max_bytes: readBytesMax + 1 })).toMatchObject({ ok: false });
  });
  it('cuts no character, and calls no bytes a text', async () => {
    put('a', 'xé€😀');
    expect(await files.call('read_file', { path: 'a', max_bytes: 5 })).toMatchObject({
      result: { content: 'xé', bytes: 3, truncated: true },
    });
    expect(await files.call('read_file', { path: 'a', max_bytes: 6 })).toMatchObject({ result: { content: 'xé€' } });
    expect(await files.call('read_file', { path: 'a', max_bytes: 9 })).toMatchObject({ result: { content: 'xé€' } });
    put('b', Buffer.from([0xff, 0xfe]));
    expect(await files.call('read_file', { path: 'b' })).toMatchObject({ ok: false, fault: 'failed' });
    expect(await files.call('read_file', { path: 'b', encoding: 'base64' })).toMatchObject({
      result: { content: '//4=' },
    });
  });
  it('hashes', async () => {
    put('a', 'abc');
    expect(await files.call('hash_file', { path: 'a' })).toEqual({
      ok: true,
      result: { sha256: sha256('abc'), bytes: 3 },
    });
  });
  it('lists by name, at most a thousand', async () => {
    mkdirSync(at('folder'));
    put('b', 'xyz');
    expect(await files.call('list_dir', {})).toEqual({
      ok: true,
      result: {
        entries: [
          { name: 'b', kind: 'file', bytes: 3 },
          { name: 'folder', kind: 'folder', bytes: 0 },
        ],
        total: 2,
        truncated: false,
      },
    });
    for (let index = 0; index < listEntriesMax; index += 1) put(`folder/${index}`, '');
    expect(await files.call('list_dir', { path: 'folder' })).toMatchObject({ result: { truncated: false } });
    put('folder/more', '');
    const listed = await files.call('list_dir', { path: 'folder' });
    expect(listed).toMatchObject({ result: { total: listEntriesMax + 1, truncated: true } });
  });
  it('looks whether something exists', async () => {
    put('a');
    for (const [where, kind] of [
      ['a', 'file'],
      ['.', 'folder'],
      ['b', null],
      ['b/c', null],
    ] as const)
      expect(await files.call('exists', { path: where }), where).toEqual({
        ok: true,
        result: { exists: kind !== null, kind },
      });
  });
  it('says what is not there, and what is a folder', async () => {
    mkdirSync(at('folder'));
    for (const verb of ['read_file', 'hash_file']) {
      expect(await files.call(verb, { path: 'b' }), verb).toMatchObject({ fault: 'not_found', happened: 'no' });
      expect(await files.call(verb, { path: 'folder' }), verb).toMatchObject({ fault: 'invalid_arguments' });
    }
    expect(await files.call('list_dir', { path: 'b' })).toMatchObject({ fault: 'not_found' });
  });
});

describe('writing', () => {
  it('writes whole files, keeps permissions, and says whether there was none', async () => {
    expect(await files.call('write_file', { path: 'a', content: 'é' })).toMatchObject({
      ok: true,
      result: { path: 'a', bytes: 2, sha256: sha256('é'), created: true },
    });
    chmodSync(at('a'), 0o600);
    expect(await files.call('write_file', { path: 'a', content: 'b' })).toMatchObject({ result: { created: false } });
    expect([readFileSync(at('a'), 'utf8'), statSync(at('a')).mode & 0o777]).toEqual(['b', 0o600]);
    expect(await files.call('write_bytes', { path: 'b', content_base64: 'AP8=' })).toMatchObject({ ok: true });
    expect([...readFileSync(at('b'))]).toEqual([0, 255]);
    expect(Object.keys(treeOf(files.root))).toEqual(['a', 'b']);
  });
  it('makes the folders on the way where it is asked to', async () => {
    expect(await files.call('write_file', { path: 'x/y/a', content: '' })).toMatchObject({ fault: 'not_found' });
    const written = await files.call('write_file', { path: 'x/y/a', content: '1', parents: true });
    expect(treeOf(files.root)).toMatchObject({ 'x/y': '755 folder', 'x/y/a': '644 MQ==' });
    expect(await files.undo('write_file', written)).toMatchObject({ ok: true });
    expect(treeOf(files.root)).toEqual({});
  });
  it('takes a million bytes of text and not one more', async () => {
    const most = 'x'.repeat(writeBytesMax);
    expect(await files.call('write_file', { path: 'a', content: most })).toMatchObject({ ok: true });
    expect(await files.call('write_file', { path: 'b', content: `${most}x` })).toMatchObject({ ok: false });
    expect(await files.call('write_file', { path: 'b', content: `é${'x'.repeat(writeBytesMax - 1)}` })).toMatchObject({
      fault: 'limit_exceeded',
    });
    expect(await files.call('write_file', { path: 'b', content: '\ud800' })).toMatchObject({ ok: false });
    expect(Object.keys(treeOf(files.root))).toEqual(['a']);
  });
  it('takes twenty million bytes and not one more, and puts back as many', async () => {
    const encoded = (bytes: number, fill: number): string => Buffer.alloc(bytes, fill).toString('base64');
    await files.call('write_bytes', { path: 'a', content_base64: encoded(writeBytesBytesMax, 1) });
    const before = sha256(readFileSync(at('a')));
    const second = await files.call('write_bytes', { path: 'a', content_base64: encoded(writeBytesBytesMax, 2) });
    expect(sha256(readFileSync(at('a')))).not.toBe(before);
    expect(JSON.stringify(second).length).toBeLessThan(65_536);
    expect(await files.undo('write_bytes', second)).toMatchObject({ ok: true });
    expect(sha256(readFileSync(at('a')))).toBe(before);
    const more = { path: 'b', content_base64: encoded(writeBytesBytesMax + 1, 1) };
    expect(await files.call('write_bytes', more)).toMatchObject({ fault: 'limit_exceeded' });
    for (const content_base64 of ['A', 'AP8', '****', 'AP8=\n'])
      expect(await files.call('write_bytes', { path: 'b', content_base64 })).toMatchObject({ ok: false });
  });
  it('makes a folder once, and removes it again only while it is empty', async () => {
    const made = await files.call('make_dir', { path: 'a/b', parents: true });
    expect(made).toMatchObject({ ok: true, result: { created: true } });
    const again = await files.call('make_dir', { path: 'a/b' });
    expect(again).toMatchObject({ ok: true, result: { created: false } });
    expect(await files.undo('make_dir', again)).toMatchObject({ ok: true });
    put('a/b/c');
    expect(await files.undo('make_dir', made)).toMatchObject({ ok: false, fault: 'failed' });
    expect(Object.keys(treeOf(files.root))).toEqual(['a', 'a/b', 'a/b/c']);
  });
  it('copies a file, and overwrites only where it is asked to', async () => {
    put('a', 'of a');
    put('b', 'of b');
    expect(await files.call('copy', { from: 'a', to: 'b' })).toMatchObject({ fault: 'already_exists', happened: 'no' });
    const copied = await files.call('copy', { from: 'a', to: 'b', overwrite: true });
    expect(copied).toMatchObject({ ok: true, result: { created: false, sha256: sha256('of a') } });
    expect(readFileSync(at('b'), 'utf8')).toBe('of a');
    await files.undo('copy', copied);
    expect(readFileSync(at('b'), 'utf8')).toBe('of b');
    mkdirSync(at('folder'));
    expect(await files.call('copy', { from: 'none', to: 'c' })).toMatchObject({ fault: 'not_found' });
    expect(await files.call('copy', { from: 'folder', to: 'c' })).toMatchObject({ fault: 'invalid_arguments' });
    expect(await files.call('copy', { from: 'a', to: 'folder', overwrite: true })).toMatchObject({ ok: false });
  });
  it('does not put a file where a folder is, nor a folder where a file is, nor anything in place of all', async () => {
    mkdirSync(at('folder'));
    put('file');
    expect(await files.call('write_file', { path: 'folder', content: '' })).toMatchObject({ fault: 'already_exists' });
    expect(await files.call('make_dir', { path: 'file' })).toMatchObject({ fault: 'already_exists' });
    expect(await files.call('write_file', { path: 'file/x', content: '' })).toMatchObject({
      fault: 'permission_denied',
    });
    for (const verb of ['write_file', 'make_dir', 'delete'])
      expect(await files.call(verb, { path: '.', ...(verb === 'write_file' ? { content: '' } : {}) })).toMatchObject({
        fault: 'invalid_arguments',
      });
  });
});

describe('removing', () => {
  it('deletes a folder with all that is in it only where it is asked to, and puts all of it back', async () => {
    mkdirSync(at('a/b'), { recursive: true });
    put('a/one', 'x'.repeat(9_000));
    put('a/b/two', Buffer.from([0, 255]));
    chmodSync(at('a/one'), 0o640);
    chmodSync(at('a/b'), 0o500);
    const before = treeOf(files.root);
    expect(await files.call('delete', { path: 'a' })).toMatchObject({ fault: 'invalid_arguments' });
    const deleted = await files.call('delete', { path: 'a', recursive: true });
    expect(deleted).toMatchObject({ ok: true, result: { kind: 'folder', entries: 3 } });
    expect(treeOf(files.root)).toEqual({});
    expect(await files.reopened().undo('delete', deleted)).toMatchObject({ ok: true });
    expect(treeOf(files.root)).toEqual(before);
    chmodSync(at('a/b'), 0o700);
    expect(await files.call('delete', { path: 'none' })).toMatchObject({ fault: 'not_found', happened: 'no' });
  });
  it('deletes as much as it can put back, and beyond that nothing', async () => {
    mkdirSync(at('a'));
    for (let index = 1; index < treeEntriesMax; index += 1) put(`a/${index}`, '');
    put('a/more', '');
    expect(await files.call('delete', { path: 'a', recursive: true })).toMatchObject({ fault: 'limit_exceeded' });
    expect(Object.keys(treeOf(files.root))).toHaveLength(treeEntriesMax + 1);
    await files.call('delete', { path: 'a/more' });
    const deleted = await files.call('delete', { path: 'a', recursive: true });
    expect(JSON.stringify(deleted).length).toBeLessThan(65_536);
    expect(await files.undo('delete', deleted)).toMatchObject({ ok: true });
    expect(Object.keys(treeOf(files.root))).toHaveLength(treeEntriesMax);
  });
  it('moves there and back, with what it overwrote', async () => {
    put('a', 'of a');
    put('b', 'of b');
    mkdirSync(at('folder'));
    const before = treeOf(files.root);
    expect(await files.call('move', { from: 'a', to: 'b' })).toMatchObject({ fault: 'already_exists' });
    const over = await files.call('move', { from: 'a', to: 'b', overwrite: true });
    const into = await files.call('move', { from: 'folder', to: 'elsewhere' });
    expect(treeOf(files.root)).toEqual({ b: before['a'], elsewhere: before['folder'] });
    expect(await files.undo('move', into)).toMatchObject({ ok: true });
    expect(await files.undo('move', over)).toMatchObject({ ok: true });
    expect(treeOf(files.root)).toEqual(before);
  });
  it('moves nothing onto itself, into itself, or onto what is no file', async () => {
    mkdirSync(at('a/b'), { recursive: true });
    put('c');
    for (const [from, to] of [
      ['a', 'a'],
      ['a', 'a/b/c'],
      ['a/b', 'a'],
      ['c', './c'],
    ] as const)
      expect(await files.call('move', { from, to, overwrite: true })).toMatchObject({ fault: 'invalid_arguments' });
    expect(await files.call('move', { from: 'c', to: 'a', overwrite: true })).toMatchObject({
      fault: 'already_exists',
    });
    expect(await files.call('move', { from: 'none', to: 'd' })).toMatchObject({ fault: 'not_found' });
  });
});
