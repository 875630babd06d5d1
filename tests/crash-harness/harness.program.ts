import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { runHarness } from './harness.ts';

/**
 * The crash harness at any length: `--kills N --seed S`. Prints what it found as JSON, and ends with 1 when a promise was
 * broken; the data folder is kept then, and named.
 */
const { values } = parseArgs({
  options: { kills: { type: 'string', default: '500' }, seed: { type: 'string', default: '1' } },
});
const workshop = mkdtempSync(path.join(os.tmpdir(), 'acta-harness-'));
const report = await runHarness(workshop, Number(values.kills), Number(values.seed));
const kept = report.broken.length === 0;
if (kept) rmSync(workshop, { recursive: true, force: true });
process.stdout.write(`${JSON.stringify(kept ? report : { ...report, workshop }, null, 2)}\n`);
process.exitCode = kept ? 0 : 1;
