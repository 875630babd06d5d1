import { Worker } from 'node:worker_threads';
import { z } from 'zod';
import type { Capability } from '../../../ports.ts';
import { capability } from '../define.ts';
import { bounded, failure, type Failure } from '../failure.ts';

export const matchMsMax = 2_000;
const textCharsMax = 1_000_000;
const matchesMax = 1_000;
const resultCharsMax = 200_000;
const memoryMbMax = 64;

const Match = z.object({
  match: z.string(),
  index: z.int(),
  groups: z.array(z.string().nullable()),
  named: z.record(z.string(), z.string().nullable()),
});
const Matches = z.object({ matches: z.array(Match), truncated: z.boolean() });
const Told = z.union([Matches, z.strictObject({ invalid: z.string() })]);

/** Runs in the worker: plain JavaScript that knows nothing but its pattern and its text. */
const program = `
const { parentPort, workerData: { pattern, flags, text, matchesMax, resultCharsMax } } = require('node:worker_threads');
const search = () => {
  let expression;
  try { expression = new RegExp(pattern, flags + 'g'); } catch (error) { return { invalid: String(error.message) }; }
  const matches = [];
  let chars = 0;
  for (const found of text.matchAll(expression)) {
    const groups = found.slice(1).map((group) => group ?? null);
    chars += found[0].length + groups.reduce((sum, group) => sum + (group ?? '').length, 0);
    if (matches.length === matchesMax || chars > resultCharsMax) return { matches, truncated: true };
    const named = Object.fromEntries(Object.entries(found.groups ?? {}).map(([name, group]) => [name, group ?? null]));
    matches.push({ match: found[0], index: found.index, groups, named });
  }
  return { matches, truncated: false };
};
parentPort.postMessage(search());
`;

interface Search {
  readonly pattern: string;
  readonly flags: string;
  readonly text: string;
  readonly matchesMax: number;
}

/**
 * A pattern may take longer than the sun shines, and JavaScript cannot interrupt it. So it runs in a thread of its own that
 * is ended after `msMax`, or when the call is wanted no more; nothing else waits for it.
 */
const searched = (search: Search, signal: AbortSignal, msMax: number): Promise<z.infer<typeof Told> | Failure> =>
  new Promise((resolve) => {
    const worker = new Worker(program, {
      eval: true,
      env: {},
      execArgv: [],
      workerData: { ...search, resultCharsMax },
      resourceLimits: { maxOldGenerationSizeMb: memoryMbMax, maxYoungGenerationSizeMb: 8 },
    });
    const ended = (outcome: z.infer<typeof Told> | Failure): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', unwanted);
      void worker.terminate().finally(() => resolve(outcome));
    };
    const late = (): void =>
      ended(failure('timeout', `the pattern takes longer than ${msMax} ms on this text`, { retryable: false }));
    const unwanted = (): void => ended(failure('timeout', 'the call is wanted no more', { retryable: false }));
    const timer = setTimeout(late, msMax);
    signal.addEventListener('abort', unwanted, { once: true });
    worker.once('message', (told: unknown) => ended(Told.parse(told)));
    worker.once('error', ({ name }) => ended(failure('limit_exceeded', `the search ended: ${name}`)));
  });

/** `text.regex.match` (requirements W83): every match of a JavaScript pattern, bounded in time, memory and size. */
export const regexMatch = (msMax = matchMsMax): Capability =>
  capability({
    capability_id: 'text.regex.match',
    name: 'Match a regular expression',
    description:
      'All matches of a JavaScript regular expression in a text, with their groups; ended where it takes too long.',
    operation: 'read',
    risk: { justification: 'It computes from its arguments alone, in a thread that is ended after its time.' },
    tags: ['text'],
    parameters: z.strictObject({
      text: z.string().max(textCharsMax),
      pattern: z.string().min(1).max(1_000),
      flags: z
        .string()
        .regex(/^(?!.*(.).*\1)[imsu]{0,4}$/, 'each of i, m, s and u at most once')
        .default(''),
      max_matches: z.int().min(1).max(matchesMax).default(100),
    }),
    result: Matches,
    invoke: async ({ text, pattern, flags, max_matches }, { signal }) => {
      const told = await searched({ pattern, flags, text, matchesMax: max_matches }, signal, msMax);
      if ('ok' in told) return told;
      if ('invalid' in told) return failure('invalid_arguments', bounded(told.invalid));
      return { ok: true, result: told };
    },
  });
