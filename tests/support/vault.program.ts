/**
 * A node with one capability beside the standard library, `vault.turn`: of high risk, and every call and every undoing of
 * it is a line in the file that `VAULT_TURNS` names. `VAULT_SAYS` is its description.
 */
import { appendFileSync } from 'node:fs';
import { z } from 'zod';
import { announceServer } from '../../src/adapters/cli/server.file.ts';
import { readConfig } from '../../src/config.ts';
import { startNode } from '../../src/wiring.ts';
import { vault } from './vault.ts';

const env = z.object({ ACTA_DATA: z.string(), VAULT_TURNS: z.string(), VAULT_SAYS: z.string().optional() });
const { ACTA_DATA: folder, VAULT_TURNS: turns, VAULT_SAYS: says } = env.parse(process.env);
const { VAULT_TURNS: _, VAULT_SAYS: __, ...settings } = process.env;
const read = readConfig(settings, folder);
if (!read.ok) throw new Error(JSON.stringify(read.faults));
const turned = (line: string): void => appendFileSync(turns, `${line}\n`);
const node = await startNode(read.config, { capabilities: [vault(turned, says)] });
announceServer(folder, { url: node.url ?? '', pid: process.pid });
process.once('SIGTERM', () => void node.stop(1_000).then(() => process.exit(0)));
