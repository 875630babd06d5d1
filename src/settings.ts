import { z } from 'zod';
import { gateSettings } from './settings.gate.ts';
import { evaluationSettings } from './settings.evaluation.ts';
import { modelSettings } from './settings.model.ts';
import { httpUrl, list, setting, url } from './settings.parts.ts';

const portMax = 65_535;
const port = z
  .string()
  .regex(/^\d{1,5}$/)
  .transform(Number)
  .refine((number) => number <= portMax);

/** A bootstrap key opens everything, so it must not be guessable. */
const keyCharsMin = 16;
const keyCharsMax = 256;

/** Room for some events at least. */
const logBytesMin = 1_048_576;

export const roles = ['api', 'projections', 'processes'] as const;
export type Role = (typeof roles)[number];

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

const isOrigin = (text: string): boolean => text === '*' || (URL.canParse(text) && new URL(text).origin === text);

const quotaNames = ['read', 'write', 'stream'] as const;
type QuotaName = (typeof quotaNames)[number];
/** Requests a minute, for each principal; false counts nobody. */
export type Quotas = Partial<Readonly<Record<QuotaName, number>>> | false;

const quotaItem = new RegExp(`^(?:${quotaNames.join('|')})=[1-9]\\d{0,8}$`);
const quotasOf = (items: readonly string[]): Quotas =>
  items[0] === 'off'
    ? false
    : Object.fromEntries(items.map((item) => [item.replace(/=.*/, ''), Number(item.replace(/.*=/, ''))]));

/** Every variable that Acta reads, by name. OpenTelemetry's own library reads more of `OTEL_*` where traces are asked for. */
export const settings = {
  HOST: setting({
    says: 'The address to listen on. Any other than loopback asks every caller for a key.',
    right: 'a host name or an IP address, without a port',
    preset: '127.0.0.1',
    schema: z.string().regex(/^(?:[A-Za-z0-9.-]{1,253}|[0-9A-Fa-f:]{2,39})$/),
  }),
  PORT: setting({
    says: 'The port to listen on. Unset, it is 8000 or the next free one; set, it must be free. 0 takes any.',
    right: 'a whole number from 0 to 65535',
    schema: port.optional(),
  }),
  ACTA_DATA: setting({
    says: 'The folder of the embedded log and the embedded PostgreSQL.',
    right: 'a folder, made when it is not there',
    preset: './.acta',
    schema: z.string().refine((text) => !text.includes('\0')),
  }),
  DATABASE_URL: setting({
    says: 'PostgreSQL for the read models. Unset, an embedded one in ACTA_DATA serves.',
    right: 'an address like postgres://user:password@host:5432/database',
    secret: true,
    schema: url('postgres', 'postgresql').optional(),
  }),
  EVENTSTORE_URL: setting({
    says: 'EventStoreDB or KurrentDB for the record. Unset, an embedded log in ACTA_DATA serves.',
    right: 'a connection string like esdb://host:2113?tls=false or esdb+discover://cluster:2113',
    secret: true,
    schema: z
      .string()
      .regex(/^esdb(?:\+discover)?:\/\/[^\s/]+/)
      .optional(),
  }),
  AOS_API_KEY: setting({
    says: 'A key that opens everything, to make the first keys with.',
    right: `${keyCharsMin} to ${keyCharsMax} printable characters without spaces, for example of: openssl rand -hex 32`,
    secret: true,
    schema: z
      .string()
      .regex(/^[\x21-\x7e]+$/)
      .min(keyCharsMin)
      .max(keyCharsMax)
      .optional(),
  }),
  ...modelSettings,
  ...evaluationSettings,
  ...gateSettings,
  ACTA_ROLES: setting({
    says: 'What this process does: answers callers, keeps read models, drives processes.',
    right: `some of ${roles.join(',')}`,
    preset: roles.join(','),
    schema: z
      .string()
      .transform(list)
      .pipe(z.array(z.enum(roles)).min(1))
      .transform((wanted) => roles.filter((role) => wanted.includes(role))),
  }),
  ACTA_REBUILD: setting({
    says: 'A read model whose version was raised is rebuilt on start (auto), or only on command (manual).',
    right: 'auto or manual',
    preset: 'auto',
    schema: z.enum(['auto', 'manual']),
  }),
  ACTA_CORS_ORIGINS: setting({
    says: 'Origins whose pages may ask, separated by commas.',
    right: 'origins like https://console.example, without a path, or *',
    schema: z
      .string()
      .transform(list)
      .pipe(z.array(z.string().refine(isOrigin)))
      .optional(),
  }),
  ACTA_MCP: setting({
    says: 'Serves the Model Context Protocol at /mcp, /mcp/audit and /mcp/ops, for whom their key permits.',
    right: 'on or off',
    preset: 'on',
    schema: z.enum(['on', 'off']).transform((text) => text === 'on'),
  }),
  ACTA_MCP_STATE_KEY: setting({
    says: 'Seals questions to persons at MCP clients. Processes that answer at one address share it; unset, each makes its own.',
    right: 'at least 32 characters, for example of: openssl rand -hex 32',
    secret: true,
    schema: z.string().min(32).max(keyCharsMax).optional(),
  }),
  ACTA_QUOTAS: setting({
    says: 'Requests a minute for each principal; unset, read=60000,write=12000,stream=120. A proxy that counts itself wants off.',
    right: `off, or some of ${quotaNames.map((name) => `${name}=number`).join(',')}`,
    schema: z
      .string()
      .transform(list)
      .refine((items) => items.length > 0 && (items.join() === 'off' || items.every((item) => quotaItem.test(item))))
      .transform(quotasOf)
      .optional(),
  }),
  ACTA_LOG_PORT: setting({
    says: "A port on loopback for EventStoreDB's own protocol, onto the embedded log. Unset, it is closed.",
    right: 'a whole number from 0 to 65535',
    schema: port.optional(),
  }),
  ACTA_LOG_BYTES_MAX: setting({
    says: 'The most bytes that the embedded log may take. Beyond it commands answer 507, as on a full disk. Unset, the disk decides.',
    right: `a whole number from ${logBytesMin}`,
    schema: z
      .string()
      .regex(/^\d{1,15}$/)
      .transform(Number)
      .refine((bytes) => bytes >= logBytesMin)
      .optional(),
  }),
  ACTA_ACCEPT_LOSS: setting({
    says: 'For one start only: go on although acknowledged events are missing from the embedded log. That is put on the record.',
    right: 'true or false',
    preset: 'false',
    schema: z.enum(['true', 'false']).transform((text) => text === 'true'),
  }),
  ACTA_LOG_LEVEL: setting({
    says: 'From which level on it logs.',
    right: `one of ${logLevels.join(', ')}`,
    preset: 'info',
    schema: z.enum(logLevels),
  }),
  OTEL_EXPORTER_OTLP_ENDPOINT: setting({
    says: 'Where traces go, over OTLP and HTTP. Unset, none are sent.',
    right: 'an address like http://host:4318',
    schema: httpUrl.optional(),
  }),
  OTEL_EXPORTER_OTLP_HEADERS: setting({
    says: 'Headers for it, as name=value,name=value.',
    right: 'name=value, separated by commas',
    secret: true,
    schema: z
      .string()
      .regex(/^[^=,\s]+=[^,]*(?:,\s*[^=,\s]+=[^,]*)*$/)
      .optional(),
  }),
  OTEL_SERVICE_NAME: setting({
    says: 'The name under which traces and metrics are found.',
    right: 'a name of at most 100 characters',
    preset: 'acta',
    schema: z.string().max(100),
  }),
  OTEL_SDK_DISABLED: setting({
    says: 'Turns traces off altogether.',
    right: 'true or false',
    preset: 'false',
    schema: z.enum(['true', 'false']).transform((text) => text === 'true'),
  }),
} as const;

export type Variable = keyof typeof settings;
