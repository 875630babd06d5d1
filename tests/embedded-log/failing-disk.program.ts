import { randomUUID } from 'node:crypto';
import { openEmbeddedLog } from '../../src/adapters/embedded-log/event-log.ts';
import { LogError } from '../../src/ports.ts';

/** Appends, several at once, until the disk fails, and tells what it was told. */
const log = await openEmbeddedLog({ folder: process.argv[2] ?? '' });
const acknowledged: string[] = [];
const faults: string[] = [];

const faultOf = (error: unknown): string => (error instanceof LogError ? error.fault : String(error));

const writer = async (stream: string): Promise<void> => {
  for (;;) {
    const id = randomUUID();
    try {
      await log.append(stream, 'any', [{ id, type: 'Large', data: 'x'.repeat(20_000), metadata: {} }]);
      acknowledged.push(id);
    } catch (error) {
      faults.push(faultOf(error));
      return;
    }
  }
};

await Promise.all(['a', 'b', 'c', 'd'].map(writer));
// After the first failure everything fails, and says so.
await log.head().catch((error: unknown) => faults.push(faultOf(error)));
await log.append('a', 'any', []).catch(() => undefined);
const { fault } = await log.stopped;
process.stdout.write(JSON.stringify({ acknowledged, faults, stopped: fault }));
