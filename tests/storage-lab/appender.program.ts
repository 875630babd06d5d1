import fs from 'node:fs';
import { z } from 'zod';
import { batchesIn, batchId, proposalsOf } from './batches.ts';
import { openStorage } from '../../src/adapters/embedded-log/store.ts';

/**
 * Appends batches, up to four at a time, says `TOLD id` for each that the store has published and `ACK id` for each that it
 * has acknowledged, and opens the log anew half-way. Arguments: the folder, the first batch, the one after the last, and what `synchronous` is.
 */
const [folder, first, end, synchronous] = z
  .tuple([z.string(), z.coerce.number().int(), z.coerce.number().int(), z.enum(['full', 'normal'])])
  .parse(process.argv.slice(2));

const say = (line: string): void => void fs.writeSync(1, `${line}\n`);
const writer = 'lab';

/** Few pages, so that the WAL is copied and begun anew within the recording. */
const options = { synchronous, checkpoint_pages: 40 };

const appendAll = async (from: number, to: number): Promise<void> => {
  const store = openStorage(folder, options);
  store.listen((records) => {
    for (const batch of batchesIn(records)) say(`TOLD ${batch}`);
  });
  for (let batch = from; batch < to;) {
    const wave = Array.from({ length: Math.min(1 + (batch % 4), to - batch) }, (_, n) => batch + n);
    await Promise.all(
      wave.map(async (n) => {
        const outcome = await store.append([{ stream: `s-${n % 3}`, expected: 'any', events: proposalsOf(writer, n) }]);
        if (outcome.is === 'appended') say(`ACK ${batchId(writer, n)}`);
        else say(`NOT ${batchId(writer, n)} ${outcome.is}`);
        // What a failed disk has done nobody knows: the process ends (assurance F36).
        if (outcome.is === 'failed') process.exit(1);
      }),
    );
    batch += wave.length;
  }
  await store.close();
};

const half = Math.floor((first + end) / 2);
await appendAll(first, half);
await appendAll(half, end);
say('END');
