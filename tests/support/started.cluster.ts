import { join } from 'node:path';
import { openEmbeddedLog } from '../../src/adapters/embedded-log/event-log.ts';
import { catalogue } from '../../src/domain/catalogue.ts';
import { project } from '../../src/projections/project.ts';
import { projections } from '../../src/wiring/projections.ts';
import { worldClock as clock } from '../../src/wiring/world.ts';
import { noTelemetry } from '../commands/engines.ts';
import { copyPrepared, within } from './migrated.cluster.ts';
import { quietJournal } from './quiet.journal.ts';

/** A cluster that has the tables of every read model, too, with nothing in them: as after a start on an empty log. */
export const copyStartedCluster = (to: string): Promise<void> =>
  copyPrepared(to, 'started', [within('migrations'), within('src/projections')], async (database, folder) => {
    const log = await openEmbeddedLog({ folder: join(folder, 'log'), accept_loss: false });
    const parts = { projections, catalogue, log, database, clock, journal: quietJournal(), telemetry: noTelemetry };
    const read = project({ ...parts, folds: true, rebuild: 'auto' });
    await read.start();
    await read.stop();
    await log.close();
  });
