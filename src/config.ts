import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Setting } from './settings.parts.ts';
import { settings, type Quotas, type Role, type Variable } from './settings.ts';

export type Environment = Readonly<Record<string, string | undefined>>;
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
  readonly mcp_state_key?: string;
  readonly model: {
    /** Absent: `noop`, or `scripted` in the demo. Unknown names are kept, and refused when the model is used. */
    readonly provider?: string;
    readonly model?: string;
    readonly fallback_provider?: Exclude<Values['LLM_FALLBACK_PROVIDER'], undefined>;
    readonly fallback_model?: string;
    readonly anthropic_api_key?: string;
    readonly anthropic_base_url?: string;
    readonly openai_api_key?: string;
    readonly openai_base_url?: string;
    readonly ollama_base_url?: string;
    /** Absolute. */
    readonly script_file?: string;
  };
  readonly embedding: { readonly provider: Values['EMBEDDING_PROVIDER']; readonly model?: string };
  readonly gate: {
    readonly environment: string;
    /** Absolute, as all files and folders are. */
    readonly policy_file?: string;
    readonly workspace: string;
    readonly outbox: string;
    readonly http_allow: readonly string[];
    readonly http_idempotent: readonly string[];
    readonly smtp_url?: string;
    readonly mail_from: string;
    readonly caldav?: { readonly url: string; readonly username?: string; readonly password?: string };
    readonly mcp_file?: string;
    readonly webhook?: { readonly url: string; readonly secret?: string };
  };
  readonly blobs: {
    readonly provider: Values['OBJECT_STORE_PROVIDER'];
    readonly bucket?: string;
    readonly endpoint?: string;
    readonly region: string;
    readonly access_key_id?: string;
    readonly secret_access_key?: string;
    readonly encryption_key?: string;
  };
  /** Absent where nobody evaluates. */
  readonly evaluation?: { readonly url: string; readonly project: string; readonly api_key?: string };
  readonly roles: readonly Role[];
  readonly rebuild: 'auto' | 'manual';
  readonly cors_origins: readonly string[];
  /** Serves the Model Context Protocol. */
  readonly mcp: boolean;
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
export const textOf = (env: Environment, name: string): string | undefined => {
  const text = env[name]?.trim();
  return text === '' ? undefined : text;
};

type Present<T> = { [K in keyof T]?: Exclude<T[K], undefined> };
const present = <T extends object>(members: T): Present<T> =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Present<T>;

const gateOf = (values: Values, at: (file: string) => string): Config['gate'] => ({
  environment: values.ACTA_ENVIRONMENT,
  workspace: at(values.ACTA_WORKSPACE ?? path.join(values.ACTA_DATA, 'workspace')),
  outbox: at(path.join(values.ACTA_DATA, 'outbox')),
  http_allow: values.ACTA_HTTP_ALLOW ?? [],
  http_idempotent: values.ACTA_HTTP_IDEMPOTENT ?? [],
  mail_from: values.ACTA_MAIL_FROM,
  ...present({
    policy_file: values.ACTA_POLICY && at(values.ACTA_POLICY),
    smtp_url: values.SMTP_URL,
    mcp_file: values.ACTA_MCP_SERVERS && at(values.ACTA_MCP_SERVERS),
    caldav:
      values.CALDAV_URL === undefined
        ? undefined
        : {
            url: values.CALDAV_URL,
            ...present({ username: values.CALDAV_USERNAME, password: values.CALDAV_PASSWORD }),
          },
    webhook:
      values.ACTA_APPROVAL_WEBHOOK === undefined
        ? undefined
        : { url: values.ACTA_APPROVAL_WEBHOOK, ...present({ secret: values.ACTA_APPROVAL_WEBHOOK_SECRET }) },
  }),
});

const blobsOf = (values: Values): Config['blobs'] => ({
  provider: values.OBJECT_STORE_PROVIDER,
  region: values.OBJECT_STORE_REGION,
  ...present({
    bucket: values.OBJECT_STORE_BUCKET,
    endpoint: values.OBJECT_STORE_ENDPOINT,
    access_key_id: values.OBJECT_STORE_ACCESS_KEY_ID,
    secret_access_key: values.OBJECT_STORE_SECRET_ACCESS_KEY,
    encryption_key: values.OBJECT_STORE_ENCRYPTION_KEY,
  }),
});

const evaluationOf = (values: Values): Config['evaluation'] =>
  values.EVALUATION_PROVIDER === 'noop'
    ? undefined
    : {
        url: values.BRAINTRUST_API_URL,
        project: values.BRAINTRUST_PROJECT,
        ...present({ api_key: values.BRAINTRUST_API_KEY }),
      };

const configOf = (values: Values, folder: string): Config => ({
  host: values.HOST,
  port: values.PORT ?? portPreset,
  port_is_fixed: values.PORT !== undefined,
  folder: path.resolve(folder, values.ACTA_DATA),
  model: present({
    provider: values.LLM_PROVIDER,
    model: values.LLM_MODEL,
    fallback_provider: values.LLM_FALLBACK_PROVIDER,
    fallback_model: values.LLM_FALLBACK_MODEL,
    anthropic_api_key: values.ANTHROPIC_API_KEY,
    anthropic_base_url: values.ANTHROPIC_BASE_URL,
    openai_api_key: values.OPENAI_API_KEY,
    openai_base_url: values.OPENAI_BASE_URL,
    ollama_base_url: values.OLLAMA_BASE_URL,
    script_file: values.ACTA_SCRIPT && path.resolve(folder, values.ACTA_SCRIPT),
  }),
  embedding: { provider: values.EMBEDDING_PROVIDER, ...present({ model: values.EMBEDDING_MODEL }) },
  gate: gateOf(values, (file) => path.resolve(folder, file)),
  blobs: blobsOf(values),
  roles: values.ACTA_ROLES,
  rebuild: values.ACTA_REBUILD,
  cors_origins: values.ACTA_CORS_ORIGINS ?? [],
  mcp: values.ACTA_MCP,
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
    mcp_state_key: values.ACTA_MCP_STATE_KEY,
    log_port: values.ACTA_LOG_PORT,
    log_bytes_max: values.ACTA_LOG_BYTES_MAX,
    quotas: values.ACTA_QUOTAS,
    evaluation: evaluationOf(values),
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
