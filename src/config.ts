import { existsSync } from 'node:fs';
import path from 'node:path';
import { settings, type Quotas, type Role, type Setting, type Variable } from './settings.ts';

type Environment = Readonly<Record<string, string | undefined>>;
type Values = { readonly [Name in Variable]: (typeof settings)[Name] extends Setting<infer Value> ? Value : never };

/** The environment, understood once. What is optional and unset is absent. */
export interface Config {
  readonly host: string;
  readonly port: number;
  /** PORT was set: it must be free, no other will do. */
  readonly port_is_fixed: boolean;
  /** Absolute. */
  readonly folder: string;
  readonly database_url?: string;
  readonly eventstore_url?: string;
  readonly bootstrap_key?: string;
  readonly model: {
    /** Absent: `noop`, or `scripted` in the demo. Unknown names are kept, and refused when the model is used. */
    readonly provider?: string;
    readonly model?: string;
    readonly anthropic_api_key?: string;
    readonly anthropic_base_url?: string;
    /** Absolute. */
    readonly script_file?: string;
  };
  readonly roles: readonly Role[];
  readonly rebuild: 'auto' | 'manual';
  readonly cors_origins: readonly string[];
  readonly quotas?: Quotas;
  readonly log_port?: number;
  readonly log_bytes_max?: number;
  /** Start although events of the embedded log are lost (assurance F34). */
  readonly accept_loss: boolean;
  readonly log_level: Values['ACTA_LOG_LEVEL'];
  readonly traces: {
    readonly endpoint?: string;
    readonly headers?: string;
    readonly service_name: string;
    readonly disabled: boolean;
  };
}

/** What is wrong with one variable, and what would be right. A secret's value is never in it. */
export interface ConfigFault {
  readonly variable: string;
  readonly message: string;
}

export type ConfigRead =
  { readonly ok: true; readonly config: Config } | { readonly ok: false; readonly faults: readonly ConfigFault[] };

const portPreset = 8000;
const shownCharsMax = 80;

/** An empty string is as good as unset: shells and compose files cannot always tell them apart. */
const textOf = (env: Environment, name: string): string | undefined => {
  const text = env[name]?.trim();
  return text === '' ? undefined : text;
};

type Present<T> = { [K in keyof T]?: Exclude<T[K], undefined> };
const present = <T extends object>(members: T): Present<T> =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Present<T>;

const configOf = (values: Values, folder: string): Config => ({
  host: values.HOST,
  port: values.PORT ?? portPreset,
  port_is_fixed: values.PORT !== undefined,
  folder: path.resolve(folder, values.ACTA_DATA),
  model: present({
    provider: values.LLM_PROVIDER,
    model: values.LLM_MODEL,
    anthropic_api_key: values.ANTHROPIC_API_KEY,
    anthropic_base_url: values.ANTHROPIC_BASE_URL,
    script_file: values.ACTA_SCRIPT && path.resolve(folder, values.ACTA_SCRIPT),
  }),
  roles: values.ACTA_ROLES,
  rebuild: values.ACTA_REBUILD,
  cors_origins: values.ACTA_CORS_ORIGINS ?? [],
  accept_loss: values.ACTA_ACCEPT_LOSS,
  log_level: values.ACTA_LOG_LEVEL,
  traces: {
    service_name: values.OTEL_SERVICE_NAME,
    disabled: values.OTEL_SDK_DISABLED,
    ...present({ endpoint: values.OTEL_EXPORTER_OTLP_ENDPOINT, headers: values.OTEL_EXPORTER_OTLP_HEADERS }),
  },
  ...present({
    database_url: values.DATABASE_URL,
    eventstore_url: values.EVENTSTORE_URL,
    bootstrap_key: values.AOS_API_KEY,
    log_port: values.ACTA_LOG_PORT,
    log_bytes_max: values.ACTA_LOG_BYTES_MAX,
    quotas: values.ACTA_QUOTAS,
  }),
});

/** Reads the environment, and tells of everything that is wrong at once. Relative paths start at `folder`. */
export const readConfig = (env: Environment, folder: string): ConfigRead => {
  const values: Record<string, unknown> = {};
  const faults: ConfigFault[] = [];
  for (const [variable, { schema, preset, secret, right }] of Object.entries<Setting>(settings)) {
    const text = textOf(env, variable);
    const parsed = schema.safeParse(text ?? preset);
    if (parsed.success) values[variable] = parsed.data;
    else {
      const said = secret ? 'its value' : JSON.stringify(text?.slice(0, shownCharsMax));
      faults.push({ variable, message: `${variable}: ${said} will not do; it must be ${right}` });
    }
  }
  return faults.length > 0 ? { ok: false, faults } : { ok: true, config: configOf(values as Values, folder) };
};

/** Adds what `.env` says to the process's environment, which wins. Answers false where there is no such file. */
export const loadEnvironment = (file: string): boolean => {
  if (!existsSync(file)) return false;
  process.loadEnvFile(file);
  return true;
};

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
