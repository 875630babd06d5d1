import path from 'node:path';
import { cli } from './adapters/cli/cli.ts';
import { loadEnvironment } from './config.ts';
import { operations } from './wiring/operations.ts';
import { version } from './wiring/version.ts';

const folder = process.cwd();
loadEnvironment(path.join(folder, '.env'));

/** A server's parts are loaded only when a server is asked for: the other commands answer sooner without them. */
const run = async () => import('./wiring/run.ts');

process.exitCode = await cli({
  argv: process.argv.slice(2),
  env: process.env,
  folder,
  version,
  operations,
  signals: process,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  serve: async (config) => (await run()).serve(config),
  demo: async (config) => (await run()).demo(config),
  open: async (config) => (await run()).open(config),
  doctor: async (config) => (await import('./wiring/doctor.ts')).examine(config),
});
