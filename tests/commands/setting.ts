import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { openEmbeddedLog } from '../../src/adapters/embedded-log/event-log.ts';
import type { EventLog } from '../../src/ports.ts';

/** The real embedded log in a folder of its own, for all tests of a file. */
export const openLog = async (): Promise<EventLog> => {
  const folder = mkdtempSync(join(tmpdir(), 'acta-engines-'));
  const log = await openEmbeddedLog({ folder: join(folder, 'log') });
  afterAll(async () => {
    await log.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return log;
};
