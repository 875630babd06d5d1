/**
 * Opens a log and a database after whatever happened to the process before, looks whether the served table is exactly the
 * fold of the log up to its checkpoint, tells a hundred chapters more, and folds them. Ends with `whole`, or is killed.
 */
import { join } from 'node:path';
import { inspect, isDeepStrictEqual } from 'node:util';
import { openEmbeddedLog } from '../../src/adapters/embedded-log/event-log.ts';
import { openDatabase } from '../../src/adapters/postgres/database.ts';
import { foldLog } from '../../src/projections/folding/fold.ts';
import { standings } from '../../src/projections/standing.ts';
import { quietJournal } from '../support/quiet.journal.ts';
import { catalogue, jars } from './jars.ts';
import { engine, everything, served, tell } from './story.ts';

const [folder = '', url = '', versionSaid = '1', fromSaid = '0'] = process.argv.slice(2);
const [version, from] = [Number(versionSaid), Number(fromSaid)];

const log = await openEmbeddedLog({ folder: join(folder, 'log') });
const where = url === '' ? { folder: join(folder, 'database') } : { url, folder: '' };
const database = await openDatabase({ ...where, journal: quietJournal() });

/** The table says nothing that the log does not say up to its checkpoint, and everything that it does. */
const assertWhole = async (): Promise<void> => {
  const standing = (await standings(database.db, ['jars'])).get('jars');
  if (standing === undefined) return;
  const events = (await everything(log)).filter(({ position }) => position <= standing.position);
  const told = foldLog(jars(standing.version), catalogue, events);
  const found = await served(database, jars(standing.version));
  if (!isDeepStrictEqual(found, told))
    throw new Error(`torn at ${standing.position}: ${inspect(found)} is not ${inspect(told)}`);
};

await assertWhole();
const position = await tell(log, from, from + 100);
const running = engine(log, database, [jars(version)]);
await running.start();
while (running.served('jars')?.version !== version) await new Promise((resolve) => setTimeout(resolve, 10));
await running.reached('jars', position, { wait_ms: 10_000 });
await running.stop();
await assertWhole();
await database.close();
await log.close();
console.log('whole');
