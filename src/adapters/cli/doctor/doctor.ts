import { z } from 'zod';
import { readConfig } from '../../../config.ts';
import { describeConfig, type Described } from '../../../config.described.ts';
import { groundChecks, type Check } from './doctor.checks.ts';
import { client } from '../connection/client.ts';
import { Failure, exits, understood } from '../exits.ts';
import { announcedServer } from '../server.file.ts';
import type { Occasion } from '../occasion.ts';
import type { Terminal } from '../terminal/terminal.ts';

const serverMsMax = 5_000;
const marks = { ok: ['green', '✓'], warn: ['yellow', '!'], fail: ['red', '✖'] } as const;

const lineOf = ({ name, verdict, detail, hint }: Check, { paint }: Terminal): string => {
  const [colour, mark] = marks[verdict];
  const line = `${paint(colour, mark)} ${paint('bold', name.padEnd(12))} ${detail}`;
  return hint === undefined ? line : `${line}\n  ${' '.repeat(12)} ${paint('dim', hint)}`;
};

const settingLine = ({ variable, value, from, says }: Described, { paint }: Terminal): string =>
  `  ${variable.padEnd(28)} ${(value ?? '').padEnd(24)} ${paint('dim', `${from.padEnd(11)} ${says}`)}`;

const Readiness = z.looseObject({
  checks: z.array(z.looseObject({ name: z.string(), ok: z.boolean(), detail: z.string() })),
});

/** What the server that runs says of itself: nobody else may open what it holds. */
const askServer = async (url: string, { options, interrupts }: Occasion): Promise<readonly Check[]> => {
  const { version } = options;
  const server = client({ url, key: undefined, version, timeout_ms: serverMsMax, signal: interrupts.once });
  try {
    const { body } = await server.ask({ method: 'GET', path: '/ready' });
    const { checks } = understood(Readiness, body, 'its readiness');
    return checks.map(({ name, ok, detail }) => ({ name, verdict: ok ? 'ok' : 'fail', detail }));
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return [{ name: 'server', verdict: 'fail', detail: error.message, hint: 'its journal says more' }];
  }
};

/** Everything there is to check; a wrong environment is all there is until it is mended. */
const examine = async (occasion: Occasion): Promise<readonly Check[]> => {
  const { options } = occasion;
  const read = readConfig(options.env, options.folder);
  if (!read.ok)
    return read.faults.map(({ message }) => ({
      name: 'environment',
      verdict: 'fail' as const,
      detail: message,
      hint: 'mend it in the environment or in .env',
    }));
  const running = announcedServer(read.config.folder);
  const inside = running === undefined ? options.doctor(read.config) : askServer(running.url, occasion);
  return [...(await groundChecks(read.config, options.env)), ...(await inside)];
};

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

/** `acta doctor`: what a server would run on, the environment as it was understood, and what is wrong with either. */
export const doctor = async (occasion: Occasion): Promise<void> => {
  const { terminal, options } = occasion;
  const checks = await examine(occasion);
  const { settings } = describeConfig(options.env);
  const errors = checks.filter(({ verdict }) => verdict === 'fail').length;
  const warnings = checks.filter(({ verdict }) => verdict === 'warn').length;
  switch (terminal.form) {
    case 'json':
    case 'ndjson':
      await terminal.print(JSON.stringify({ checks, environment: settings, errors, warnings }));
      break;
    case 'plain':
      for (const { name, verdict, detail } of checks) await terminal.print([verdict, name, detail].join('\t'));
      break;
    case 'human':
      for (const check of checks) await terminal.print(lineOf(check, terminal));
      await terminal.print(`\nenvironment\n${settings.map((each) => settingLine(each, terminal)).join('\n')}`);
      await terminal.print(`\n${counted(errors, 'error')}, ${counted(warnings, 'note')}`);
  }
  if (errors > 0) throw new Failure(exits.failed, `${counted(errors, 'check')} failed`);
};
