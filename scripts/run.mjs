// Runs a program of this repository with one command on a fresh clone: `node scripts/run.mjs <file> [arguments]`.
// It brings the dependencies to what the lock file says, then goes on with the Node that the project pins. Plain
// JavaScript without dependencies, because it runs before there are any and on a Node as old as 18.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import module from 'node:module';
import path from 'node:path';
import { constants } from 'node:os';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { install, isInstalled } from './install.mjs';
import { pinnedNode } from './pinned-node.mjs';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

/** Says what went wrong and what to do, and ends with the exit code for "could not start". */
const giveUp = (message) => {
  process.stderr.write(`acta: ${message}\n`);
  process.exit(69);
};

/** Goes on in this process: no second start-up, and signals arrive where they are meant to. */
const goOn = async (program, args, cache) => {
  process.argv = [process.execPath, program, ...args];
  if (process.env.NODE_COMPILE_CACHE === undefined && module.enableCompileCache !== undefined) {
    module.enableCompileCache(cache);
    // Worker threads and child processes read the variable.
    process.env.NODE_COMPILE_CACHE = cache;
  }
  await import(pathToFileURL(program).href);
};

/** Starts the pinned Node, hands signals on, and ends as it ends. */
const handOver = (node, program, args, cache) => {
  const child = spawn(node, [program, ...args], {
    stdio: 'inherit',
    env: { NODE_COMPILE_CACHE: cache, ...process.env },
  });
  const handOn = (signal) => {
    // A terminal sends Ctrl-C to every process in front; once more would look like the second Ctrl-C.
    if (signal === 'SIGINT' && process.stdin.isTTY) return;
    child.kill(signal);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, handOn);
  child.on('error', (error) => {
    giveUp(
      `cannot start the pinned Node at ${node}: ${error.message}\n` +
        '  Is this a system without glibc? Then install Node 24 or newer yourself and run the command again with it.',
    );
  });
  child.on('exit', (code, signal) => {
    process.exit(code ?? 128 + (constants.signals[signal] ?? 0));
  });
};

const [target, ...args] = process.argv.slice(2);
if (target === undefined) giveUp('usage: node scripts/run.mjs <file> [arguments]');
const program = path.resolve(root, target);
// What the product itself needs to run is less than what its tests and checks need.
const dev = !target.startsWith('src/');

try {
  if (!isInstalled(root, { dev })) await install(root, { dev });
} catch (error) {
  giveUp(error.message);
}
if (!existsSync(program)) giveUp(`there is no ${target}`);

const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
const { node, problem } = pinnedNode(root, manifest);
const cache = path.join(root, 'node_modules', '.cache', 'compiled');
if (problem !== undefined) giveUp(problem);
else if (node === process.execPath) await goOn(program, args, cache);
else handOver(node, program, args, cache);
