import { execFileSync } from 'node:child_process';
import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { portableOpener } from '../../src/adapters/capabilities/files/beneath.ts';
import type { Invoked } from '../../src/ports.ts';
import { treeOf, workspace, type Workspace } from './workspace.ts';

let files: Workspace;
beforeEach(() => {
  files = workspace();
  writeFileSync(path.join(files.outside, 'canary'), 'outside');
});
afterEach(() => files.close());

const at = (...parts: readonly string[]): string => path.join(files.root, ...parts);
const outside = (...parts: readonly string[]): string => path.join(files.outside, ...parts);

/** Of every POSIX system; Node itself makes no pipes with names. */
const pipeMaker = 'mkfifo';

/** Every way to touch a path. */
const touching = (name: string): readonly (readonly [string, object])[] => [
  ['read_file', { path: name }],
  ['hash_file', { path: name }],
  ['write_file', { path: name, content: 'mine' }],
  ['write_file', { path: name, content: 'mine', parents: true }],
  ['write_bytes', { path: name, content_base64: 'AA==' }],
  ['make_dir', { path: name, parents: true }],
  ['delete', { path: name, recursive: true }],
  ['move', { from: name, to: 'stolen' }],
  ['move', { from: 'own', to: name, overwrite: true }],
  ['copy', { from: name, to: 'stolen' }],
  ['copy', { from: 'own', to: name, overwrite: true }],
];

describe('a path', () => {
  const wrong: Readonly<Record<string, string>> = {
    'goes up': '../canary',
    'goes up from within': 'own/../../canary',
    'is all dots': '..',
    'is absolute': '/etc/passwd',
    'is absolute for Windows': 'C:\\Windows',
    'has backslashes': '..\\canary',
    'has escaped dots': '%2e%2e/canary',
    'has an escaped slash': '..%2fcanary',
    'has a NUL': 'own\0.txt',
    'has a line break': 'own\n',
    'turns its direction': 'own\u202etxt',
    'has a fullwidth slash': '..\uff0fcanary',
    'has a division slash': 'a\u2215b',
    'has half a character': '\ud800',
    'is a home': '~/x',
    'is empty': '',
    'is of 5,000 characters': 'a/'.repeat(2_500),
    'is too deep': 'a/'.repeat(65),
    'has a name of 256 bytes': 'x'.repeat(256),
    'is the name of a draft of ours': '.x.acta-draft',
  };
  for (const [what, name] of Object.entries(wrong))
    it(`is refused where it ${what}`, async () => {
      writeFileSync(at('own'), 'own');
      for (const [verb, args] of [...touching(name), ['exists', { path: name }], ['list_dir', { path: name }]] as const)
        expect(await files.call(verb, args), verb).toMatchObject({
          ok: false,
          fault: 'invalid_arguments',
          happened: 'no',
        });
      expect(Object.keys(treeOf(files.root))).toEqual(['own']);
      expect(readFileSync(outside('canary'), 'utf8')).toBe('outside');
    });
  it('may have 255 bytes in a name', async () => {
    expect(await files.call('write_file', { path: 'x'.repeat(255), content: '' })).toMatchObject({ ok: true });
  });
});

for (const kind of ['the opener of this system', 'the portable opener'] as const)
  describe(`with ${kind}`, () => {
    beforeEach(() => {
      if (kind === 'the portable opener') files = files.reopened({ opener: portableOpener(realpathSync(files.root)) });
      writeFileSync(at('own'), 'own');
      mkdirSync(outside('folder'));
      writeFileSync(outside('folder', 'canary'), 'outside');
    });
    const refuses = async (name: string): Promise<void> => {
      const before = [treeOf(files.root), treeOf(outside('folder'))];
      for (const [verb, args] of touching(name))
        expect(await files.call(verb, args), `${verb} ${name}`).toMatchObject({ ok: false, happened: 'no' });
      expect([treeOf(files.root), treeOf(outside('folder'))]).toEqual(before);
      expect(readFileSync(outside('canary'), 'utf8')).toBe('outside');
    };

    it('a link is not followed, at the end or in the middle, out or within', async () => {
      symlinkSync(outside('canary'), at('end'));
      symlinkSync(outside('folder'), at('middle'));
      symlinkSync(outside('nothing'), at('dangling'));
      symlinkSync('own', at('within'));
      for (const name of ['end', 'middle', 'middle/canary', 'dangling', 'within']) await refuses(name);
      expect(await files.call('list_dir', { path: 'middle' })).toMatchObject({ fault: 'permission_denied' });
      expect(await files.call('exists', { path: 'middle/canary' })).toMatchObject({ fault: 'permission_denied' });
      expect(await files.call('exists', { path: 'end' })).toMatchObject({ result: { kind: 'link' } });
      expect(existsSync(outside('nothing'))).toBe(false);
    });
    it('a folder with a link in it is neither deleted nor moved', async () => {
      mkdirSync(at('a'));
      symlinkSync(outside('folder'), at('a', 'link'));
      expect(await files.call('delete', { path: 'a', recursive: true })).toMatchObject({ fault: 'permission_denied' });
      expect(await files.call('move', { from: 'a', to: 'b' })).toMatchObject({ fault: 'permission_denied' });
      expect(readdirSync(outside('folder'))).toEqual(['canary']);
    });
    it('a file with a second name is not touched', async () => {
      linkSync(outside('canary'), at('hard'));
      await refuses('hard');
    });
    it('a pipe and a socket are refused at once', async () => {
      execFileSync(pipeMaker, [at('pipe')]);
      const server = createServer();
      await new Promise<void>((resolve) => {
        server.listen(at('socket'), resolve);
      });
      try {
        for (const name of ['pipe', 'socket']) await refuses(name);
      } finally {
        server.close();
      }
    });
  });

/** Swaps a folder for a link to outside and back, as fast as it can, in a thread of its own. */
const swapping = `
const { workerData: { root, flag } } = require('node:worker_threads');
const fs = require('node:fs');
const stop = new Int32Array(flag);
while (Atomics.load(stop, 0) === 0) {
  fs.renameSync(root + '/swap', root + '/real');
  fs.renameSync(root + '/link', root + '/swap');
  fs.renameSync(root + '/swap', root + '/link');
  fs.renameSync(root + '/real', root + '/swap');
}
`;

describe('a folder that is swapped for a link while we walk', () => {
  it.runIf(process.platform === 'linux')('never leads outside', { timeout: 120_000 }, async () => {
    mkdirSync(at('swap'));
    writeFileSync(at('swap', 'secret'), 'inside');
    mkdirSync(outside('folder'));
    writeFileSync(outside('folder', 'secret'), 'outside');
    symlinkSync(outside('folder'), at('link'));
    const flag = new SharedArrayBuffer(4);
    const worker = new Worker(swapping, { eval: true, workerData: { root: files.root, flag } });
    const ended = new Promise((resolve) => {
      worker.once('exit', resolve);
    });
    const read: Invoked[] = [];
    try {
      const seen = new Set<boolean>();
      for (let round = 0; (round < 400 || seen.size < 2) && round < 20_000; round += 1) {
        const outcome = await files.call('read_file', { path: 'swap/secret' });
        seen.add(outcome.ok);
        read.push(outcome);
        if (round % 10 === 0) await files.call('write_file', { path: 'swap/secret', content: 'inside' });
        if (round % 10 === 5) await files.call('write_file', { path: `swap/new${round}`, content: 'inside' });
      }
      expect([...seen].toSorted()).toEqual([false, true]);
    } finally {
      Atomics.store(new Int32Array(flag), 0, 1);
      await ended;
    }
    const contents = new Set(read.flatMap((o) => (o.ok ? [(o.result as { content: string }).content] : [])));
    expect([...contents]).toEqual(['inside']);
    expect(treeOf(outside('folder'))).toEqual({
      secret: expect.stringContaining(Buffer.from('outside').toString('base64')),
    });
  });
});
