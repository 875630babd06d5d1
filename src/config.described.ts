import { textOf, type Environment } from './config.ts';
import type { Setting } from './settings.parts.ts';
import { settings } from './settings.ts';

/** One variable as `acta doctor` shows it. */
export interface Described {
  readonly variable: string;
  /** `(set)` for a secret, absent where nothing is set or assumed. */
  readonly value?: string;
  readonly from: 'environment' | 'preset' | 'unset';
  readonly says: string;
}

/** The names the command line and the tests know beside the settings. */
const knownElsewhere = new Set(['ACTA_URL', 'ACTA_KEY', 'ACTA_KEY_FILE', 'ACTA_PROGRESS', 'ACTA_CRASH_AT']);

/** Every setting with its value, secrets masked; and the `ACTA_…` names that nobody reads, most likely misspelt. */
export const describeConfig = (
  env: Environment,
): { readonly settings: readonly Described[]; readonly unknown: readonly string[] } => ({
  settings: Object.entries<Setting>(settings).map(([variable, { says, preset, secret }]) => {
    const text = textOf(env, variable);
    if (text !== undefined) return { variable, value: secret ? '(set)' : text, from: 'environment', says };
    return preset === undefined ? { variable, from: 'unset', says } : { variable, value: preset, from: 'preset', says };
  }),
  unknown: Object.keys(env).filter(
    (name) => name.startsWith('ACTA_') && !(name in settings) && !knownElsewhere.has(name),
  ),
});

/** The text of `.env.example`: every setting, explained, and commented out so that nothing changes by copying it. */
export const exampleEnvironment = (): string =>
  [
    '# Everything Acta reads from its environment. Copy this file to .env and uncomment what you need.',
    '# What the environment itself sets wins over .env; an empty value is as good as none.',
    ...Object.entries<Setting>(settings).flatMap(([variable, { says, right, preset }]) => [
      '',
      `# ${says}`,
      `# It is ${right}.`,
      `#${variable}=${preset ?? ''}`,
    ]),
    '',
  ].join('\n');
