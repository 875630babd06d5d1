import type { Migration } from 'kysely/migration';
import * as lastingTables from './0001.lasting-tables.ts';
import * as checkpointEpochs from './0002.checkpoint-epochs.ts';
import * as processFaults from './0003.process-faults.ts';
import * as leases from './0004.leases.ts';
import * as embeddings from './0005.embeddings.ts';

/**
 * Every migration, by the name under which a database remembers it. They run in the order of their names, each once, all
 * in one transaction. A migration that was released is never changed: its correction is the next one. The `acta` schema
 * is there before the first of them, for the record of what has run is kept in it.
 */
export const migrations: Readonly<Record<string, Migration>> = {
  '0001_lasting_tables': lastingTables,
  '0002_checkpoint_epochs': checkpointEpochs,
  '0003_process_faults': processFaults,
  '0004_leases': leases,
  '0005_embeddings': embeddings,
};
