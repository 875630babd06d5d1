import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { announceServer, withdrawServer } from '../adapters/cli/server.file.ts';
import type { Config } from '../config.ts';
import { roles } from '../settings.ts';
import { startNode, type ActaNode, type Stage } from '../wiring.ts';
import { keyMissingFor } from './model.ts';
import { refundDesk } from '../adapters/capabilities/refund-desk/refund-desk.ts';
import { stageRefundDesk } from './refund-desk.ts';

const graceMs = 10_000;
/** Where the log has failed nothing can be recorded: there is little to wait for. */
const failedGraceMs = 1_000;
/** A part that never closes, like a database that cannot write either, must not keep the process alive. */
const closingMsMax = 10_000;
const say = (...lines: readonly string[]): void => void process.stdout.write(`${lines.join('\n')}\n`);

/** Stops the node; one that is not closed in time is left behind, which loses nothing: a start recovers as after a kill. */
const stoppedInTime = async (node: ActaNode, grace_ms: number): Promise<void> => {
  const limit = setTimeout(() => {
    process.stderr.write('acta ends: what was open did not close in time; the next start recovers from the record\n');
    process.exit(1);
  }, grace_ms + closingMsMax);
  await node.stop(grace_ms);
  clearTimeout(limit);
};

/** Waits for a signal, or for the log to give up; answers the exit code. A second signal leaves at once. */
const untilStopped = async (node: ActaNode, config: Config): Promise<number> => {
  const signalled = new Promise<number>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const)
      process.once(signal, () => {
        process.once(signal, () => process.exit(130));
        resolve(0);
      });
  });
  const failed = node.failed.then((error) => {
    process.stderr.write(`acta ends: ${error.message}\n`);
    return 1;
  });
  const exit = await Promise.race([signalled, failed]);
  withdrawServer(config.folder, process.pid);
  await stoppedInTime(node, exit === 0 ? graceMs : failedGraceMs);
  return exit;
};

/** What whoever starts a server should know of its model before the first turn tells them. */
const remarkOn = (provider: string, { model }: Config): string => {
  const { fallback_provider: other } = model;
  const missing = [provider, other].map((asked) => keyMissingFor(asked, model));
  if (provider === 'scripted') return ' (a script that runs offline; no language model)';
  if (provider === 'noop') return ' (none: set LLM_PROVIDER)';
  if (missing[0] !== undefined) return ` (without a key, so every turn fails: set ${missing[0]})`;
  if (missing[1] !== undefined) return `, and where it fails ${other} (without a key: set ${missing[1]})`;
  return other === undefined ? '' : `, and where it fails ${other}`;
};

const told = (node: ActaNode, config: Config): void => {
  const { url, recovered } = node;
  say(`acta ${node.version} · ${node.about.log} log · ${node.about.read_models} · data ${config.folder}`);
  if (recovered === undefined) say('  log         does not answer yet: commands are refused until it does');
  else if (recovered > 0) say(`  recovered   ${recovered} events on the record`);
  if (node.front_port !== undefined) say(`  log         esdb://127.0.0.1:${node.front_port}?tls=false`);
  const { provider } = node.about.model;
  say(`  model       ${provider}${remarkOn(provider, config)}`);
  if (url === undefined) return;
  if (node.moved) say(`  port        ${config.port} is taken, so it is the next free one`);
  if (node.keyless) say('  keys        none are asked for: callers on this machine may do everything');
  say(`  api         ${url}   reference ${url}/docs`);
};

/** Why it could not start, in a sentence: whoever reads it can mend it, or it is said whole in the journal. */
class NotStarted extends Error {
  override readonly name = 'NotStarted';
}

const started = async (config: Config, stage: Stage = {}): Promise<ActaNode> => {
  const node = await startNode(config, stage).catch((error: unknown) => {
    throw new NotStarted(error instanceof Error ? error.message : String(error), { cause: error });
  });
  if (node.url !== undefined) announceServer(config.folder, { url: node.url, pid: process.pid });
  return node;
};

/** Says why it could not start, and answers the exit code of a failed check. */
const orSaid = async (run: () => Promise<number>): Promise<number> => {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof NotStarted)) throw error;
    process.stderr.write(`acta cannot start: ${error.message}\n`);
    return 1;
  }
};

/** A server that says nothing, and lives until whoever opened it stops it. */
export const open = async (config: Config): Promise<{ readonly url: string; readonly stop: () => Promise<void> }> => {
  // It answers, so it has every role, whatever is set for those who serve together.
  const node = await started({ ...config, roles });
  if (node.url === undefined) throw new Error('a node with the api role listens');
  const stop = async (): Promise<void> => {
    withdrawServer(config.folder, process.pid);
    await stoppedInTime(node, graceMs);
  };
  return { url: node.url, stop };
};

/** Serves until it is told to stop. */
export const serve = (config: Config): Promise<number> => orSaid(() => serving(config));

/** Serves with the scripted model where no other was named, and says what to try. */
export const demo = (config: Config): Promise<number> => orSaid(() => demonstrating(config));

const serving = async (config: Config): Promise<number> => {
  const node = await started(config);
  told(node, config);
  say('Ready. Press Ctrl-C to stop.');
  return await untilStopped(node, config);
};

const demonstrating = async (config: Config): Promise<number> => {
  const script = fileURLToPath(new URL('../../examples/demo/replies.json', import.meta.url));
  const model = { provider: 'scripted', script_file: script, ...config.model };
  // A newcomer reads what is said above, not the journal: it speaks up when something is wrong, unless asked for more.
  const log_level = process.env['ACTA_LOG_LEVEL'] === undefined ? 'warn' : config.log_level;
  const policy_file =
    config.gate.policy_file ?? fileURLToPath(new URL('../../examples/refund-desk/policy.yaml', import.meta.url));
  const own = { ...config, model, log_level, gate: { ...config.gate, policy_file } } as const;
  const capabilities = refundDesk(path.join(config.folder, 'refund-desk'));
  const node = await started(own, { capabilities, register: stageRefundDesk });
  told(node, own);
  if (node.url !== undefined) {
    const curl = `curl -sN ${node.url}/chat -H 'content-type: application/json' -d`;
    say(
      '',
      'A customer of the demo wrote that a lamp arrived broken. A refund of 249.00 EUR waits for you until you decide:',
      `  see what would run, and decide  npx acta approve`,
      '',
      'Try, in another terminal:',
      `  say something                 ${curl} '{"message":"hello"}'`,
      `  read what it left             curl -s ${node.url}/streams`,
      `  ask for something slow        ${curl} '{"message":"take your time","stream":true}'`,
      `  and kill it in the middle     kill -9 ${process.pid}     then npm start again: the turn is finished`,
      '',
      'Everything is kept. Press Ctrl-C to stop.',
    );
  }
  return await untilStopped(node, config);
};
