import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { describeConfig, exampleEnvironment } from '../../src/config.described.ts';
import { loadEnvironment, readConfig, type Config } from '../../src/config.ts';
import { settings } from '../../src/settings.ts';

const folder = path.resolve('here');
const read = (env: Readonly<Record<string, string>>): Config => {
  const answer = readConfig(env, folder);
  if (!answer.ok) throw new Error(answer.faults.map(({ message }) => message).join('\n'));
  return answer.config;
};
const faultsOf = (env: Readonly<Record<string, string>>): readonly string[] => {
  const answer = readConfig(env, folder);
  return answer.ok ? [] : answer.faults.map(({ message }) => message);
};

describe('the environment', () => {
  it('needs to say nothing', () => {
    expect(read({})).toEqual({
      host: '127.0.0.1',
      port: 8000,
      port_is_fixed: false,
      folder: path.join(folder, '.acta'),
      model: {},
      embedding: { provider: 'noop' },
      gate: {
        environment: 'development',
        workspace: path.join(folder, '.acta/workspace'),
        outbox: path.join(folder, '.acta/outbox'),
        http_allow: [],
        http_idempotent: [],
        mail_from: 'acta@localhost.localdomain',
      },
      blobs: { provider: 'folder', region: 'auto' },
      roles: ['api', 'projections', 'processes'],
      rebuild: 'auto',
      cors_origins: [],
      mcp: true,
      accept_loss: false,
      log_level: 'info',
      traces: { service_name: 'acta', disabled: false },
    });
  });

  it('takes an empty value for none', () => {
    const empty = Object.fromEntries(Object.keys(settings).map((name) => [name, '  ']));
    expect(read(empty)).toEqual(read({}));
  });

  it('says everything that can be said', () => {
    expect(
      read({
        HOST: '0.0.0.0',
        PORT: '9000',
        ACTA_DATA: '/data',
        DATABASE_URL: 'postgres://a:b@db/acta',
        EVENTSTORE_URL: 'esdb+discover://log:2113',
        AOS_API_KEY: '0123456789abcdef',
        LLM_PROVIDER: 'anthropic',
        LLM_MODEL: 'claude-sonnet-5',
        ANTHROPIC_API_KEY: 'k',
        ANTHROPIC_BASE_URL: 'http://127.0.0.1:1234',
        LLM_FALLBACK_PROVIDER: 'ollama',
        LLM_FALLBACK_MODEL: 'qwen3',
        OPENAI_API_KEY: 'o',
        OPENAI_BASE_URL: 'https://models.example/v1',
        OLLAMA_BASE_URL: 'http://127.0.0.1:11435',
        EMBEDDING_PROVIDER: 'openai',
        EMBEDDING_MODEL: 'text-embedding-3-large',
        ACTA_SCRIPT: 'rules.json',
        ACTA_ENVIRONMENT: 'staging',
        ACTA_POLICY: 'policy.yaml',
        ACTA_WORKSPACE: 'desk',
        ACTA_HTTP_ALLOW: '127.0.0.1:8080, 10.1.0.0/16',
        ACTA_HTTP_IDEMPOTENT: 'pay.example',
        SMTP_URL: 'smtps://u:p@mail.example',
        ACTA_MAIL_FROM: 'desk@shop.example',
        CALDAV_URL: 'https://calendar.example/desk/',
        CALDAV_USERNAME: 'desk',
        CALDAV_PASSWORD: 'secret',
        ACTA_MCP_SERVERS: 'servers.json',
        ACTA_APPROVAL_WEBHOOK: 'https://chat.example/hook',
        ACTA_APPROVAL_WEBHOOK_SECRET: 'whsec_0123456789abcdef0123',
        OBJECT_STORE_PROVIDER: 's3',
        OBJECT_STORE_BUCKET: 'evidence',
        OBJECT_STORE_ENDPOINT: 'https://s3.example',
        OBJECT_STORE_REGION: 'eu-1',
        OBJECT_STORE_ACCESS_KEY_ID: 'id',
        OBJECT_STORE_SECRET_ACCESS_KEY: 'key',
        OBJECT_STORE_ENCRYPTION_KEY: Buffer.alloc(32, 7).toString('base64'),
        ACTA_ROLES: 'processes, api',
        ACTA_REBUILD: 'manual',
        ACTA_CORS_ORIGINS: 'https://a.example,http://localhost:3000',
        ACTA_QUOTAS: 'read=600, stream=8',
        ACTA_LOG_PORT: '2113',
        ACTA_LOG_BYTES_MAX: '5000000000',
        ACTA_ACCEPT_LOSS: 'true',
        ACTA_LOG_LEVEL: 'debug',
        OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318',
        OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer x, tenant=y',
        OTEL_SERVICE_NAME: 'acta-eu',
        ACTA_MCP: 'off',
        OTEL_SDK_DISABLED: 'true',
      }),
    ).toEqual({
      host: '0.0.0.0',
      port: 9000,
      port_is_fixed: true,
      folder: path.resolve('/data'),
      database_url: 'postgres://a:b@db/acta',
      eventstore_url: 'esdb+discover://log:2113',
      bootstrap_key: '0123456789abcdef',
      model: {
        provider: 'anthropic',
        model: 'claude-sonnet-5',
        anthropic_api_key: 'k',
        anthropic_base_url: 'http://127.0.0.1:1234',
        fallback_provider: 'ollama',
        fallback_model: 'qwen3',
        openai_api_key: 'o',
        openai_base_url: 'https://models.example/v1',
        ollama_base_url: 'http://127.0.0.1:11435',
        script_file: path.join(folder, 'rules.json'),
      },
      embedding: { provider: 'openai', model: 'text-embedding-3-large' },
      gate: {
        environment: 'staging',
        policy_file: path.join(folder, 'policy.yaml'),
        workspace: path.join(folder, 'desk'),
        outbox: path.resolve('/data/outbox'),
        http_allow: ['127.0.0.1:8080', '10.1.0.0/16'],
        http_idempotent: ['pay.example'],
        smtp_url: 'smtps://u:p@mail.example',
        mail_from: 'desk@shop.example',
        caldav: { url: 'https://calendar.example/desk/', username: 'desk', password: 'secret' },
        mcp_file: path.join(folder, 'servers.json'),
        webhook: { url: 'https://chat.example/hook', secret: 'whsec_0123456789abcdef0123' },
      },
      blobs: {
        provider: 's3',
        bucket: 'evidence',
        endpoint: 'https://s3.example',
        region: 'eu-1',
        access_key_id: 'id',
        secret_access_key: 'key',
        encryption_key: Buffer.alloc(32, 7).toString('base64'),
      },
      roles: ['api', 'processes'],
      rebuild: 'manual',
      cors_origins: ['https://a.example', 'http://localhost:3000'],
      quotas: { read: 600, stream: 8 },
      log_port: 2113,
      log_bytes_max: 5_000_000_000,
      mcp: false,
      accept_loss: true,
      log_level: 'debug',
      traces: {
        endpoint: 'http://collector:4318',
        headers: 'authorization=Bearer x, tenant=y',
        service_name: 'acta-eu',
        disabled: true,
      },
    });
  });

  it('counts nobody where quotas are off', () => {
    expect(read({ ACTA_QUOTAS: 'off' }).quotas).toBe(false);
  });

  it('keeps the name of an unknown provider, which is refused when it is used', () => {
    expect(read({ LLM_PROVIDER: 'oracle' }).model).toEqual({ provider: 'oracle' });
  });

  it('is refused for every wrong variable at once, each with what would be right', () => {
    expect(faultsOf({ PORT: '80a', ACTA_REBUILD: 'maybe', ACTA_ROLES: 'api,cook' })).toEqual([
      'PORT: "80a" will not do; it must be a whole number from 0 to 65535',
      'ACTA_ROLES: "api,cook" will not do; it must be some of api,projections,processes',
      'ACTA_REBUILD: "maybe" will not do; it must be auto or manual',
    ]);
  });

  it.each([
    ['HOST', 'http://localhost'],
    ['PORT', '70000'],
    ['PORT', '-1'],
    ['DATABASE_URL', 'mysql://a/b'],
    ['DATABASE_URL', 'not an address'],
    ['EVENTSTORE_URL', 'http://log:2113'],
    ['AOS_API_KEY', 'tooshort'],
    ['AOS_API_KEY', 'long enough but spaced'],
    ['ANTHROPIC_BASE_URL', 'ftp://host'],
    ['OPENAI_BASE_URL', 'models.example'],
    ['OLLAMA_BASE_URL', 'ftp://host'],
    ['EMBEDDING_PROVIDER', 'oracle'],
    ['LLM_FALLBACK_PROVIDER', 'scripted'],
    ['ACTA_ROLES', ','],
    ['ACTA_CORS_ORIGINS', 'https://a.example/path'],
    ['ACTA_QUOTAS', 'read'],
    ['ACTA_QUOTAS', 'read=0'],
    ['ACTA_QUOTAS', 'off,read=1'],
    ['ACTA_QUOTAS', 'everything=1'],
    ['ACTA_LOG_LEVEL', 'loud'],
    ['OTEL_EXPORTER_OTLP_HEADERS', 'nonsense'],
    ['OTEL_SDK_DISABLED', 'yes'],
  ])('refuses %s=%s', (variable, value) => {
    expect(faultsOf({ [variable]: value })).toEqual([expect.stringContaining(`${variable}: `)]);
  });

  it('never repeats a secret, neither in an error nor in a listing', () => {
    const secrets = Object.entries(settings).filter(([, setting]) => 'secret' in setting);
    expect(secrets.length).toBeGreaterThan(3);
    for (const [variable] of secrets) {
      const env = { [variable]: 'se cret' };
      expect(faultsOf(env).join()).not.toContain('se cret');
      expect(JSON.stringify(describeConfig(env))).not.toContain('se cret');
    }
  });

  it('is listed with where each value comes from, and with the names that nobody reads', () => {
    const { settings: listed, unknown } = describeConfig({ PORT: '9000', ACTA_REBIULD: 'manual', ACTA_URL: 'x' });
    const entry = (variable: string): unknown => listed.find((row) => row.variable === variable);
    expect(entry('PORT')).toMatchObject({ value: '9000', from: 'environment' });
    expect(entry('HOST')).toMatchObject({ value: '127.0.0.1', from: 'preset' });
    expect(entry('DATABASE_URL')).toMatchObject({ from: 'unset' });
    expect(unknown).toEqual(['ACTA_REBIULD']);
  });

  it('is shown whole in .env.example', async () => {
    await expect(exampleEnvironment()).toMatchFileSnapshot('../../.env.example');
  });

  it('may come from a file, whose values give way to the real ones', async () => {
    const place = await mkdtemp(path.join(tmpdir(), 'acta-env-'));
    const file = path.join(place, '.env');
    await writeFile(file, 'ACTA_TEST_A=file\nACTA_TEST_B=file\n');
    process.env['ACTA_TEST_A'] = 'process';
    try {
      expect(loadEnvironment(file)).toBe(true);
      expect([process.env['ACTA_TEST_A'], process.env['ACTA_TEST_B']]).toEqual(['process', 'file']);
      expect(loadEnvironment(path.join(place, 'none'))).toBe(false);
    } finally {
      delete process.env['ACTA_TEST_A'];
      delete process.env['ACTA_TEST_B'];
      await rm(place, { recursive: true });
    }
  });
});
