import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { LogError } from '../../src/ports.ts';
import { requireSqlite } from '../../src/adapters/embedded-log/database.file.ts';
import { openStorage } from '../../src/adapters/embedded-log/store.ts';
import { damage, fill, flip, imageOf, readings, readingsOf } from './crash.image.ts';
import { append, appended, everything, freshFolder, freshStore, proposal, proposals, textOf } from './log.folder.ts';

/** A log as a crash leaves it, and as it was some groups earlier. */
const images = async () => {
  const folder = freshFolder();
  const store = freshStore({}, folder);
  await fill(store);
  const earlier = imageOf(folder);
  await appended(append(store, 'late', 'no_stream', proposals(3)));
  await appended(append(store, 'later', 'no_stream', proposals(3)));
  return { earlier, image: imageOf(folder), head: store.head(), truth: readings(store) };
};

const over = (from: string, to: string, ...names: readonly string[]): void => {
  for (const name of names) copyFileSync(path.join(from, name), path.join(to, name));
};

describe('a log that is opened again', () => {
  it('is the same after a crash as after a clean end', async () => {
    const { image, truth } = await images();
    expect(await readingsOf(image)).toBe(truth);
    expect(await readingsOf(image)).toBe(truth);
    expect(existsSync(path.join(image, 'log.sqlite-wal.kept'))).toBe(false);
  });

  it('refuses a second writer, at once and by name, and leaves the first alone', async () => {
    const folder = freshFolder();
    const store = freshStore({}, folder);
    expect(() => openStorage(folder)).toThrow(/is open already: one log has one writer/);
    const program = `import { openStorage } from ${JSON.stringify(new URL('../../src/adapters/embedded-log/store.ts', import.meta.url).href)};
      openStorage(${JSON.stringify(folder)});`;
    const second = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
    expect(second.status).toBe(1);
    expect(second.stderr).toContain('is open already: one log has one writer');
    await appended(append(store, 's', 'no_stream', [proposal()]));
    await store.close();
    expect(everything(freshStore({}, folder))).toHaveLength(1);
  });

  it('refuses a SQLite that may corrupt it', () => {
    for (const version of ['3.40.1', '3.51.2', '2.99.99', '0'])
      expect(() => requireSqlite(version)).toThrow(`SQLite ${version} may corrupt a log`);
    for (const version of ['3.51.3', '3.53.0', '4.0.0']) expect(() => requireSqlite(version)).not.toThrow();
  });

  it('refuses a folder that is none', () => {
    const folder = path.join(freshFolder(), 'file');
    writeFileSync(folder, '');
    expect(() => openStorage(folder)).toThrow(LogError);
    expect(() => openStorage(folder)).toThrow(/cannot be opened: EEXIST/);
  });

  it('refuses a folder that holds something else', () => {
    const folder = freshFolder();
    writeFileSync(path.join(folder, 'log.sqlite'), 'this is a diary, dear reader '.repeat(500));
    expect(() => openStorage(folder)).toThrow(/is damaged \(file is not a database\)/);
    expect(readFileSync(path.join(folder, 'log.sqlite'), 'utf8')).toContain('dear reader');
  });

  it('catches its head file up when it died between the two', async () => {
    const { earlier, image, truth } = await images();
    over(earlier, image, 'log.head');
    expect(await readingsOf(image)).toBe(truth);
    expect(readFileSync(path.join(image, 'log.head'))).not.toEqual(readFileSync(path.join(earlier, 'log.head')));
  });

  it('survives a head file torn while it was written', async () => {
    const { image, truth } = await images();
    const file = path.join(image, 'log.head');
    const whole = readFileSync(file);
    for (const block of [0, 4096]) {
      writeFileSync(file, whole);
      const torn = readFileSync(file);
      torn.fill(0xff, block + 20, block + 60);
      writeFileSync(file, torn);
      expect(await readingsOf(image)).toBe(truth);
    }
  });
});

describe('a lost tail', () => {
  it.each([
    ['the database is older than the head file', ['log.sqlite', 'log.sqlite-wal']],
    ['the WAL is older than the head file', ['log.sqlite-wal']],
  ])('is noticed when %s', async (_, names) => {
    const { earlier, image, head } = await images();
    over(earlier, image, ...names);
    expect(() => openStorage(image)).toThrow(`events ${head - 5} to ${head} were acknowledged and are gone`);
  });

  it('is noticed when the WAL is gone, cut or damaged, and what is left of it is kept', async () => {
    for (const harm of [
      rmSync,
      (file: string) => truncateSync(file, 20_000),
      (file: string) => flip(file, 8 * 30_000),
    ]) {
      const { image } = await images();
      const wal = path.join(image, 'log.sqlite-wal');
      harm(wal);
      const left = existsSync(wal) ? readFileSync(wal) : undefined;
      expect(() => openStorage(image)).toThrow(
        /were acknowledged and are gone.*start once with `acta serve --accept-loss` \(or ACTA_ACCEPT_LOSS=true\)/,
      );
      if (left) expect(readFileSync(`${wal}.kept`).equals(left)).toBe(true);
      expect(() => openStorage(image)).toThrow(/were acknowledged and are gone/);
    }
  });

  it.each([
    ['is missing', (file: string) => rmSync(file)],
    ['is damaged', (file: string) => damage(file, 'ACTAHEAD')],
  ])('cannot be told when the head file %s, so the log does not start', async (what, harm) => {
    const { image, truth } = await images();
    harm(path.join(image, 'log.head'));
    expect(() => openStorage(image)).toThrow(`the head file ${what}`);
    await openStorage(image, { accept_loss: true }).close();
    expect(await readingsOf(image)).toContain(truth.slice(2, truth.indexOf(']')));
  });

  it('is noticed when another log of the same length was put in its place', async () => {
    const [one, other] = [await images(), await images()];
    over(one.image, other.image, 'log.sqlite', 'log.sqlite-wal');
    expect(() => openStorage(other.image)).toThrow(/not the one that the head file vouches for/);
  });

  it('that is accepted is recorded, and no position is given out twice', async () => {
    const { earlier, image, head } = await images();
    over(earlier, image, 'log.sqlite', 'log.sqlite-wal');
    const store = freshStore({ accept_loss: true }, image);
    const last = everything(store).at(-1)!;
    expect(last).toMatchObject({ stream: '$acta-log', type: 'LossAccepted', position: head + 1 });
    const said: unknown = JSON.parse(textOf(last));
    expect(said).toEqual({ reason: 'tail_lost', found_position: head - 6, promised_position: head });
    expect(everything(store, 'backward', 3).map(({ position }) => position)).toEqual(
      everything(store, 'forward', 4)
        .map(({ position }) => position)
        .toReversed(),
    );
    expect(store.readAll(head - 3, 'forward', 5).events).toHaveLength(1);
    expect(store.readAll(head - 3, 'backward', 5).events.map(({ position }) => position)[0]).toBe(head - 6);
    await appended(append(store, 'late', 'no_stream', proposals(1)));
    await store.close();
    expect(everything(freshStore({}, image)).at(-1)).toMatchObject({ stream: 'late', position: head + 2 });
  });
});

describe('a full disk', () => {
  const large = () => [proposal('Large', { text: 'x'.repeat(100_000) })];

  const fillUp = async (store: ReturnType<typeof openStorage>): Promise<number> => {
    for (let n = 0; ; n += 1) {
      const outcome = await append(store, 's', 'any', large());
      if (outcome.is !== 'disk_full') await appended(Promise.resolve(outcome));
      else return n;
    }
  };

  it('refuses what does not fit, records nothing of its group, and goes on reading', async () => {
    const folder = freshFolder();
    const store = freshStore({ bytes_max: 2_000_000 }, folder);
    const recorded = await fillUp(store);
    expect(recorded).toBeGreaterThan(5);
    const small = [proposal()];
    const group = await Promise.all([append(store, 'a', 'any', small), append(store, 's', 'any', large())]);
    expect(group).toEqual([{ is: 'disk_full' }, { is: 'disk_full' }]);
    expect(everything(store)).toHaveLength(recorded);
    // Nor does the store remember having seen it: alone it fits, and is new.
    expect(await append(store, 'a', 'any', small)).toMatchObject({ revisions: [0], again: false });
    await store.close();
    const roomier = freshStore({}, folder);
    expect(await append(roomier, 's', recorded - 1, large())).toMatchObject({ is: 'appended', revisions: [recorded] });
  });

  it('does not keep the log from starting, and is over when there is room again', async (context) => {
    const folder = freshFolder();
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', folder]);
    if (mounted.status !== 0) return context.skip('skipped: a small tmpfs cannot be mounted here (needs root)');
    onTestFinished(() => void spawnSync('umount', ['-l', folder]));
    const ballast = [1, 2].map((n) => path.join(folder, `ballast-${n}`));
    for (const file of ballast) writeFileSync(file, Buffer.alloc(4_000_000));
    const drop = (): void => rmSync(ballast.shift()!);
    const store = freshStore({}, folder);
    const first = await fillUp(store);
    drop();
    const second = await fillUp(store);
    expect(second).toBeGreaterThan(5);
    await store.close();
    // What closing has freed is taken again, to the last byte.
    const cat = spawnSync('sh', ['-c', 'cat /dev/zero > rest'], { cwd: folder, encoding: 'utf8' });
    expect(cat.stderr).toContain('No space left');
    const reopened = freshStore({}, folder);
    expect(everything(reopened)).toHaveLength(first + second);
    expect(await append(reopened, 's', 'any', large())).toEqual({ is: 'disk_full' });
    drop();
    await appended(append(reopened, 's', first + second - 1, large()));
  });
});
