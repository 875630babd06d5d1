import os from 'node:os';
import { z } from 'zod';
import type { Capability, Clock } from '../../../ports.ts';
import { capability } from '../define.ts';
import { failure } from '../failure.ts';

/** What may be asked of the environment (requirements W81); no name of a secret is among it. */
const variables = [
  ...['PATH', 'HOME', 'USER', 'LANG', 'LC_ALL', 'SHELL', 'TERM', 'PWD', 'EDITOR', 'PYTHON_VERSION', 'NODE_VERSION'],
] as const;
const valueCharsMax = 4_096;
const msPerSecond = 1_000;

export interface InformationSettings {
  readonly clock: Pick<Clock, 'now'>;
  readonly env: Readonly<Record<string, string | undefined>>;
}

const harmless = { level: 'low', justification: 'reads what everybody on this machine may know' } as const;

/** `sys.info`: what the machine is, what time it has, and a few variables of the environment. */
export const informationCapabilities = ({ clock, env }: InformationSettings): readonly Capability[] => [
  capability({
    capability_id: 'sys.info.get_os',
    name: 'Operating system',
    description: 'Says what system this runs on',
    operation: 'read',
    risk: harmless,
    tags: ['sys'],
    parameters: z.strictObject({}),
    result: z.strictObject({ platform: z.string(), release: z.string(), arch: z.string(), cpus: z.int() }),
    invoke: () => ({
      ok: true,
      result: { platform: os.platform(), release: os.release(), arch: os.arch(), cpus: os.availableParallelism() },
    }),
  }),
  capability({
    capability_id: 'sys.info.get_env_var',
    name: 'Environment variable',
    description: `Reads one of ${variables.join(', ')}; null where it is not set`,
    operation: 'read',
    risk: harmless,
    tags: ['sys'],
    parameters: z.strictObject({ name: z.enum(variables) }),
    result: z.strictObject({ name: z.string(), value: z.string().nullable() }),
    invoke: ({ name }) => ({
      ok: true,
      result: { name, value: env[name]?.slice(0, valueCharsMax).toWellFormed() ?? null },
    }),
  }),
  capability({
    capability_id: 'sys.info.get_time',
    name: 'Time',
    description: 'Says what time it is: iso8601 (UTC, milliseconds), unix (seconds) or rfc3339 (UTC, seconds)',
    operation: 'read',
    risk: harmless,
    tags: ['sys'],
    parameters: z.strictObject({ format: z.enum(['iso8601', 'unix', 'rfc3339']).optional() }),
    result: z.strictObject({ format: z.string(), time: z.union([z.string(), z.int()]) }),
    invoke: ({ format = 'iso8601' }) => {
      const now = clock.now();
      if (!Number.isFinite(now)) return failure('internal', 'the clock has no time');
      const iso = new Date(now).toISOString();
      const time = { iso8601: iso, unix: Math.floor(now / msPerSecond), rfc3339: `${iso.slice(0, 19)}+00:00` }[format];
      return { ok: true, result: { format, time } };
    },
  }),
];
