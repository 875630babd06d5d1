/**
 * The thread in which PGlite lives. It speaks PostgreSQL's own protocol: what comes in are the client's messages, what
 * goes out are the server's answers, both as bytes. So nothing is parsed or copied here that the client parses anyway, a
 * statement is one entry into WebAssembly instead of six, and values and errors are made by the same code as a server's.
 */
import { PGlite } from '@electric-sql/pglite';
import { vector } from '@electric-sql/pglite-pgvector';
import { parentPort, workerData } from 'node:worker_threads';

/** Settings of a cluster, written when it is made; the rest is PostgreSQL's. */
const settings = [
  'shared_buffers=16MB', // the default 128 MB would be resident from the start
  'timezone=UTC',
  'max_wal_size=32MB', // with the next, what a checkpoint keeps for reuse
  'min_wal_size=8MB',
  'jit=off',
];
/** Small segments of the write-ahead log: an empty cluster is then a third of the size. */
const initialSettings = ['--wal-segsize=1'];

const port = parentPort;
if (port === null) throw new Error('this is a thread of its own: it is started by worker.stream.ts');

const pglite = await PGlite.create({
  dataDir: (workerData as { readonly cluster: string }).cluster,
  extensions: { vector },
  postgresqlconf: settings,
  initDbStartParams: initialSettings,
});

port.on('message', (message: Uint8Array | 'close') => {
  if (message === 'close') {
    void pglite.close().then(() => port.close());
    return;
  }
  // A copy of exactly the answer, for PGlite's own buffer is larger and used again.
  const answer = pglite.execProtocolRawSync(message).slice();
  port.postMessage(answer, [answer.buffer]);
});
port.postMessage('ready');
