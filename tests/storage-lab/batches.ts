import { z } from 'zod';
import { derived } from '../../src/domain/kernel/ids.ts';
import type { Proposal, Storage, StoredRecord } from '../../src/adapters/embedded-log/storage.ts';

/** What an event of the lab says of itself: it is the n-th of a batch that has so many. */
const Content = z.object({ writer: z.string(), batch: z.number(), n: z.number(), of: z.number(), text: z.string() });
type Content = z.infer<typeof Content>;

export const batchId = (writer: string, batch: number): string => `${writer}.${batch}`;

export const eventId = ({ writer, batch, n }: Pick<Content, 'writer' | 'batch' | 'n'>): string =>
  derived('storage-lab', writer, batch, n);

/** The events of a batch: between one and fifty, of different lengths, and always the same. */
export const contentOf = (writer: string, batch: number): readonly Content[] => {
  const of = 1 + ((batch * 7) % 50);
  return Array.from({ length: of }, (_, n) => ({
    writer,
    batch,
    n,
    of,
    text: 'x'.repeat((batch * 31 + n * 17) % 400),
  }));
};

export const proposalsOf = (writer: string, batch: number): Proposal[] =>
  contentOf(writer, batch).map((content) => ({
    id: eventId(content),
    type: 'Written',
    is_json: true,
    data: Buffer.from(JSON.stringify(content)),
    metadata: Buffer.from('{}'),
  }));

/** The batches in a log, in its order. Throws where one is not whole, not in one piece, or not what was sent. */
export const batchesIn = (records: readonly Pick<StoredRecord, 'id' | 'data'>[]): readonly string[] => {
  const found: string[] = [];
  let sent: readonly Content[] = [];
  let n = 0;
  for (const { id, data } of records) {
    const text = Buffer.from(data).toString();
    if (n === sent.length) {
      const { writer, batch } = Content.parse(JSON.parse(text));
      sent = contentOf(writer, batch);
      found.push(batchId(writer, batch));
      n = 0;
    }
    const content = sent[n];
    if (content === undefined || text !== JSON.stringify(content) || id !== eventId(content))
      throw new Error(`${text.slice(0, 80)} stands at ${n} in batch ${found.at(-1) ?? ''}: torn, or never sent`);
    n += 1;
  }
  if (n !== sent.length) throw new Error(`batch ${found.at(-1) ?? ''} has no end`);
  return found;
};

export const missing = (wanted: Iterable<string>, found: Iterable<string>): readonly string[] => {
  const there = new Set(found);
  return [...wanted].filter((one) => !there.has(one));
};

/** The whole log, in its order. */
export const everything = (store: Storage): StoredRecord[] => {
  const records: StoredRecord[] = [];
  for (let from = 1; ;) {
    const page = store.readAll(from, 'forward', 1000);
    records.push(...page.events);
    if (page.end) return records;
    from = page.considered + 1;
  }
};
