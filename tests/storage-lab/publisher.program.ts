import fs from 'node:fs';
import { z } from 'zod';
import { openEmbeddedLog } from '../../src/adapters/embedded-log/event-log.ts';
import { batchId, contentOf, eventId } from './batches.ts';

/**
 * Appends through the port from several writers at once, for ever, and follows the log: says `SENT`, `ACK` and, for each
 * event that it was told of, `TOLD`. Meant to be killed. Arguments: the folder, and a name for this life.
 */
const [folder, life] = z.tuple([z.string(), z.string()]).parse(process.argv.slice(2));
const writers = 6;

/** Whole lines, whatever it takes: the other end may be slow to read, and what is said must not depend on it. */
const say = (line: string): void => {
  for (let left = Buffer.from(`${line}\n`); left.length > 0;)
    try {
      left = left.subarray(fs.writeSync(1, left));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
    }
};

const log = await openEmbeddedLog({ folder });

const append = async (writer: string): Promise<void> => {
  for (let batch = 0; ; batch += 1) {
    const events = contentOf(writer, batch).map((content) => ({
      id: eventId(content),
      type: 'Written',
      data: content,
      metadata: {},
    }));
    say(`SENT ${batchId(writer, batch)}`);
    const outcome = await log.append(`stream-${writer}`, 'any', events);
    if (outcome.ok) say(`ACK ${batchId(writer, batch)}`);
  }
};

const follow = async (): Promise<void> => {
  for await (const { events } of log.subscribe({ from: 'end', signal: new AbortController().signal }))
    if (events.length > 0) say(`TOLD ${events.map(({ id }) => id).join(' ')}`);
};

await Promise.all([follow(), ...Array.from({ length: writers }, (_, n) => append(`${life}-${n}`))]);
