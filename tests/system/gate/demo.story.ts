import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ask, askFresh, dataFolder, startServer, type Body, type Server } from '../../support/acta.ts';
import { eventsOf, happened } from '../../support/gated.ts';
import { until } from '../../support/until.ts';

const main = fileURLToPath(new URL('../../../src/main.ts', import.meta.url));

interface Transfer {
  readonly customer_id: string;
  readonly amount: number;
}

/** The demo on a data folder of its own, with its bank's book as witness. */
export const refundDesk = async () => {
  const folder = await dataFolder();
  const book = path.join(folder, 'refund-desk', 'bank.jsonl');
  return {
    start: (): Promise<Server> => startServer(folder, {}, [main, 'demo']),
    transfers: (): readonly Transfer[] =>
      existsSync(book)
        ? readFileSync(book, 'utf8')
            .trimEnd()
            .split('\n')
            .map((line) => JSON.parse(line) as Transfer)
        : [],
  };
};

/** Runs a command of the command line in a process of its own, against this server. */
export const acta = async (
  url: string,
  ...argv: readonly string[]
): Promise<{ readonly exit: number; readonly out: string }> => {
  const env = { ...process.env, ACTA_URL: url };
  const child = spawn(process.execPath, [main, ...argv], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit') as Promise<[number]>;
  let out = '';
  for await (const text of child.stdout) out += String(text);
  return { exit: (await ended)[0], out };
};

/** The request that waits for a person, once there is one. */
export const waiting = (url: string): Promise<Body> =>
  until(async () => (await ask(url, '/approvals?status=open')).body.data[0]);

/** The stream of the customer's session: the first one there is. */
const customerSession = async (url: string): Promise<string> => {
  const { body } = await askFresh(url, '/sessions');
  return `session-${body.data.at(-1).session_id}`;
};

/** What the customer was answered at last, once the turn has ended well. */
export const answered = async (url: string): Promise<string> => {
  const stream = await customerSession(url);
  const { data } = await happened(url, stream, ['TurnCompleted', 'TurnFailed', 'TurnCanceled']);
  const turn = `/sessions/${stream.replace('session-', '')}/turns/${data.turn_id}`;
  const { body } = await askFresh(url, turn);
  return `${body.status}: ${body.response}`;
};

const isOfTheDesk = async (url: string, stream: string): Promise<boolean> => {
  const [registered] = await eventsOf(url, stream);
  return /^(?:orders|payments|notes)\./.test(registered.data.spec.capability_id);
};

/**
 * The types of the events of every stream, in the order of the log. Streams bear their category and the order in which they
 * appear instead of ids; of the capabilities only those of the desk are there.
 */
export const story = async (url: string): Promise<Readonly<Record<string, readonly string[]>>> => {
  const streams = new Map<string, string[]>();
  let next = '/events?direction=forward&limit=200';
  for (let more = true; more;) {
    const { data, page } = (await askFresh(url, next)).body;
    for (const { stream, type } of data) streams.set(stream, [...(streams.get(stream) ?? []), type]);
    more = page.next !== null;
    next = `/events?direction=forward&limit=200&cursor=${encodeURIComponent(page.next)}`;
  }
  const seen = new Map<string, number>();
  const named: Record<string, readonly string[]> = {};
  for (const [stream, types] of streams) {
    const [category = ''] = stream.split('-');
    if (category === 'capability' && !(await isOfTheDesk(url, stream))) continue;
    seen.set(category, (seen.get(category) ?? 0) + 1);
    named[`${category}-${seen.get(category)}`] = types;
  }
  return named;
};

/** As a power cut ends it. */
export const killed = async ({ signal, ended }: Server): Promise<void> => {
  signal('SIGKILL');
  await ended;
};
