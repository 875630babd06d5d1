/** A node with the shop beside the standard library; `HARNESS_LEDGER` is where its effects land. */
import { z } from 'zod';
import { announceServer } from '../../src/adapters/cli/server.file.ts';
import { readConfig } from '../../src/config.ts';
import { startNode } from '../../src/wiring.ts';
import { shop } from './shop.ts';

const env = z.object({ ACTA_DATA: z.string(), HARNESS_LEDGER: z.string() });
const { ACTA_DATA: folder, HARNESS_LEDGER: ledger } = env.parse(process.env);
const { HARNESS_LEDGER: _, ...settings } = process.env;
const read = readConfig(settings, folder);
if (!read.ok) throw new Error(JSON.stringify(read.faults));
const node = await startNode(read.config, { capabilities: shop(ledger) });
announceServer(folder, { url: node.url ?? '', pid: process.pid });
process.once('SIGTERM', () => void node.stop(1_000).then(() => process.exit(0)));
