import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openerOf, type Held, type Opener } from '../../src/adapters/capabilities/files/beneath.ts';
import { fileCapabilities } from '../../src/adapters/capabilities/files/files.ts';
import { blobStoreOf } from '../../src/adapters/blobs/blobs.ts';
import type { Invoked } from '../../src/ports.ts';
import { callOf, named } from './calls.ts';
import { treeOf, workspace, type Workspace } from './workspace.ts';

let files: Workspace;
beforeEach(() => {
  files = workspace();
});
afterEach(() => files.close());
const at = (...parts: readonly string[]): string => path.join(files.root, ...parts);

const long = 'x'.repeat(9_000);

const furnish = ({ root }: Workspace): void => {
  mkdirSync(path.join(root, 'a', 'b'), { recursive: true });
  writeFileSync(path.join(root, 'a', 'f'), long);
  writeFileSync(path.join(root, 'a', 'b', 'g'), 'short');
  writeFileSync(path.join(root, 'h'), Buffer.from([0, 255, 10]));
  chmodSync(path.join(root, 'h'), 0o600);
  chmodSync(path.join(root, 'a', 'b'), 0o750);
};

describe('undoing', () => {
  const place = fc.constantFrom('a', 'a/f', 'a/b', 'a/b/g', 'h', 'n', 'n/m', 'a/n');
  const content = fc.constantFrom('', 'short', 'other', long, `${long}y`);
  const step = fc.oneof(
    fc.record({ path: place, content, parents: fc.boolean() }).map((args) => ['write_file', args] as const),
    fc
      .record({ path: place, content_base64: fc.constantFrom('', 'AP8=') })
      .map((args) => ['write_bytes', args] as const),
    fc.record({ path: place, parents: fc.boolean() }).map((args) => ['make_dir', args] as const),
    fc.record({ path: place, recursive: fc.boolean() }).map((args) => ['delete', args] as const),
    fc.record({ from: place, to: place, overwrite: fc.boolean() }).map((args) => ['move', args] as const),
    fc.record({ from: place, to: place, overwrite: fc.boolean() }).map((args) => ['copy', args] as const),
  );
  it('in reverse order restores the tree byte for byte, whatever was done', { timeout: 120_000 }, async () => {
    let done = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
        const files = workspace();
        try {
          furnish(files);
          const states = [treeOf(files.root)];
          const outcomes: (readonly [string, Invoked])[] = [];
          for (const [verb, args] of steps) {
            const outcome = await files.call(verb, args);
            if (outcome.ok) {
              outcomes.push([verb, outcome]);
              states.push(treeOf(files.root));
            } else {
              expect(outcome.happened).toBe('no');
              expect(treeOf(files.root)).toEqual(states.at(-1));
            }
          }
          done += outcomes.length;
          for (const [index, [verb, outcome]] of [...outcomes.entries()].toReversed()) {
            expect(await files.undo(verb, outcome, { key: `undo-${index}` })).toMatchObject({ ok: true });
            expect(treeOf(files.root)).toEqual(states[index]);
          }
        } finally {
          files.close();
        }
      }),
      { numRuns: 60 },
    );
    expect(done).toBeGreaterThan(60);
  });

  it('refuses where somebody has worked there since, and leaves that work alone', async () => {
    furnish(files);
    const calls = [
      ['write_file', { path: 'h', content: 'new' }, 'h'],
      ['write_file', { path: 'fresh', content: 'new' }, 'fresh'],
      ['delete', { path: 'a/f' }, 'a/f'],
      ['move', { from: 'a/b/g', to: 'moved' }, 'moved'],
      ['move', { from: 'moved', to: 'again' }, 'moved'],
      ['copy', { from: 'h', to: 'copied' }, 'copied'],
    ] as const;
    for (const [verb, args, touched] of calls) {
      const outcome = await files.call(verb, args);
      writeFileSync(at(touched), `later work on ${touched}`);
      const before = treeOf(files.root);
      expect(await files.undo(verb, outcome), verb).toMatchObject({ ok: false, fault: 'failed', happened: 'no' });
      expect(treeOf(files.root)).toEqual(before);
    }
  });
  it('refuses where only the permissions are others, or the content is missing', async () => {
    furnish(files);
    const written = await files.call('write_file', { path: 'a/f', content: 'new' });
    chmodSync(at('a', 'f'), 0o640);
    expect(await files.undo('write_file', written)).toMatchObject({ ok: false });
    chmodSync(at('a', 'f'), 0o644);
    expect(await files.undo('write_file', written, { tenant: 'umbrella' })).toMatchObject({
      ok: false,
      fault: 'failed',
    });
    expect(await files.undo('write_file', written)).toMatchObject({ ok: true });
  });
  it('twice is as good as once', async () => {
    furnish(files);
    const before = treeOf(files.root);
    for (const [verb, args] of [
      ['delete', { path: 'a', recursive: true }],
      ['move', { from: 'h', to: 'a/f', overwrite: true }],
      ['write_file', { path: 'n/m', content: '', parents: true }],
    ] as const) {
      const outcome = await files.call(verb, args);
      expect(await files.undo(verb, outcome)).toMatchObject({ ok: true });
      expect(await files.undo(verb, outcome)).toMatchObject({ ok: true });
      expect(treeOf(files.root)).toEqual(before);
    }
  });
});

/** An opener whose n-th use never comes back: as after a crash, nothing that would follow is done, not even tidying up. */
const stoppingAt = (root: string, use: number) => {
  const inner = openerOf(root)!;
  const left: (() => Promise<void>)[] = [];
  let uses = 0;
  let stop: (word: 'stopped') => void = () => undefined;
  const stopped = new Promise<'stopped'>((resolve) => {
    stop = resolve;
  });
  const passed = async <T>(work: () => Promise<T>): Promise<T> => {
    uses += 1;
    if (uses < use) return work();
    stop('stopped');
    return new Promise<T>(() => undefined);
  };
  const held = (folder: Held): Held => {
    left.push(folder.close);
    return { ...folder, synced: () => passed(folder.synced) };
  };
  const opener: Opener = {
    root: () => passed(async () => held(await inner.root())),
    folder: (at) => passed(async () => held(await inner.folder(at))),
    entry: (at) =>
      passed(async () => {
        const entry = await inner.entry(at);
        if (entry.kind === 'folder') return { ...entry, held: held(entry.held) };
        left.push(() => entry.handle.close());
        return entry;
      }),
  };
  /** What a process that ended would have closed. */
  const end = async (): Promise<void> => {
    for (const close of left) await close();
  };
  return { opener, stopped, end };
};

describe('a crash at any point', () => {
  const cases = [
    ['write_file', { path: 'a/f', content: 'new' }],
    ['write_file', { path: 'n/m', content: long, parents: true }],
    ['make_dir', { path: 'n/m', parents: true }],
    ['delete', { path: 'a/f' }],
    ['delete', { path: 'a', recursive: true }],
    ['move', { from: 'a/b', to: 'moved' }],
    ['move', { from: 'h', to: 'a/f', overwrite: true }],
    ['copy', { from: 'h', to: 'a/f', overwrite: true }],
  ] as const;
  for (const [verb, args] of cases)
    it(`of ${verb} ${JSON.stringify(args)} is made good under the same key, and undoes to the first content`, async () => {
      let points = 0;
      for (let use = 1; ; use += 1) {
        const files = workspace();
        try {
          furnish(files);
          const before = treeOf(files.root);
          const blobs = blobStoreOf({ provider: 'folder', folder: path.join(files.outside, 'blobs') });
          const { opener, stopped, end } = stoppingAt(files.root, use);
          const crashing = named(fileCapabilities({ root: files.root, blobs, opener }), `io.fs.${verb}`);
          const accepted = crashing.accepts(args);
          if (!accepted.ok) throw new Error(accepted.message);
          const first = await Promise.race([crashing.invoke(callOf(accepted.args, { key: 'one' })), stopped]);
          const again = await files.reopened().call(verb, args, { key: 'one' });
          expect(again).toMatchObject({ ok: true });
          const after = treeOf(files.root);
          expect(after).not.toEqual(before);
          expect(Object.keys(after).filter((name) => name.includes('acta-draft'))).toEqual([]);
          if (first !== 'stopped') expect(again).toEqual(first);

          const undoing = stoppingAt(files.root, use);
          const halfway = named(fileCapabilities({ root: files.root, blobs, opener: undoing.opener }), `io.fs.${verb}`);
          const record: unknown = again.ok ? again.undo : undefined;
          const half = await Promise.race([halfway.undo!(record, callOf({}, { key: 'two' })), undoing.stopped]);
          expect(await files.undo(verb, again, { key: 'two' })).toMatchObject({ ok: true });
          expect(treeOf(files.root)).toEqual(before);
          await end();
          await undoing.end();
          if (first !== 'stopped' && half !== 'stopped') break;
          points += 1;
        } finally {
          files.close();
        }
      }
      expect(points).toBeGreaterThan(4);
    });

  it('does not let a key stand for two calls, nor a repetition overwrite what came between', async () => {
    furnish(files);
    await files.call('write_file', { path: 'h', content: 'mine' }, { key: 'one' });
    expect(await files.call('write_file', { path: 'h', content: 'other' }, { key: 'one' })).toMatchObject({
      fault: 'invalid_arguments',
    });
    writeFileSync(at('h'), 'of somebody else');
    expect(await files.call('write_file', { path: 'h', content: 'mine' }, { key: 'one' })).toMatchObject({
      ok: false,
      happened: 'unknown',
    });
    expect(treeOf(files.root)['h']).toContain(Buffer.from('of somebody else').toString('base64'));
    const other = await files.call('write_file', { path: 'h', content: 'mine' }, { key: 'one', tenant: 'umbrella' });
    expect(other).toMatchObject({ ok: true });
  });
  it('touches nothing for a call that is wanted no more, and nothing where the old content cannot be kept', async () => {
    furnish(files);
    const before = treeOf(files.root);
    expect(await files.call('delete', { path: 'a/f' }, { signal: AbortSignal.abort() })).toMatchObject({
      fault: 'timeout',
      happened: 'no',
    });
    const blobs = blobStoreOf({ provider: 'folder', folder: at('h') });
    const remove = named(fileCapabilities({ root: files.root, blobs }), 'io.fs.delete');
    expect(await remove.invoke(callOf({ path: 'a/f' }))).toMatchObject({ fault: 'unavailable', happened: 'no' });
    expect(treeOf(files.root)).toEqual(before);
  });
});
